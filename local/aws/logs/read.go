package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// Line is one line of a log group.
type Line struct {
	Time                time.Time
	Group, Stream, Text string
}

// maxRead is how many bytes of a file are read at once.
const maxRead = 1 << 20

// Read calls emit with the last lines of groups in the order of their times, at
// most last of them. With follow, it goes on with the lines that come, until ctx
// ends, which is no error. It asks for the names of the groups before each look at
// them: those that are new meanwhile are read from their beginning.
func (g *Groups) Read(ctx context.Context, groups func() ([]string, error), last int, follow bool, emit func([]Line) error) error {
	if err := g.Flush(); err != nil {
		return err
	}
	changed := make(chan struct{}, 1)
	if follow {
		defer g.listen(changed)()
	}
	tails := map[string]*tail{}
	defer func() {
		for _, t := range tails {
			t.close()
		}
	}()
	for first := true; ; first = false {
		names, err := groups()
		if err != nil {
			return err
		}
		lines, err := g.look(names, tails, first, last)
		if err != nil {
			return err
		}
		slices.SortStableFunc(lines, func(a, b Line) int { return a.Time.Compare(b.Time) })
		if first {
			lines = lines[max(0, len(lines)-last):]
		}
		if len(lines) > 0 {
			if err := emit(lines); err != nil {
				return err
			}
		}
		if !follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// look reads what the groups have since the look before, each by its tail. The first
// look reads the last lines, a group that is new later is read from its beginning.
func (g *Groups) look(groups []string, tails map[string]*tail, first bool, last int) (lines []Line, err error) {
	for _, name := range groups {
		t, known := tails[name]
		if !known {
			t = &tail{groups: g, group: name, name: g.File(name)}
			tails[name] = t
		}
		var more []Line
		if first && !known {
			more, err = t.history(last)
		} else {
			more, err = t.next()
		}
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return lines, nil
}

// listen has changed hear of lines that are in a file now, until the function that
// it returns is called.
func (g *Groups) listen(changed chan struct{}) (stop func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.readers = append(g.readers, changed)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.readers = slices.DeleteFunc(g.readers, func(c chan struct{}) bool { return c == changed })
	}
}

// A tail reads the files of one group to their end, and on. It holds the file that
// it reads open, so that it reads the rest of one that is renamed or removed.
type tail struct {
	groups      *Groups
	group, name string

	file *os.File // nil where there is none yet
	rest []byte   // of a line without its end
}

// history moves to the end of the newest file, and returns the last lines up to
// there. Files are opened under the lock of those who write, and read without it.
func (t *tail) history(last int) ([]Line, error) {
	t.groups.mu.Lock()
	var open []*os.File
	var err error
	for _, name := range files(t.name) {
		f, failed := os.Open(name)
		if errors.Is(failed, fs.ErrNotExist) {
			continue
		}
		if err = failed; err != nil {
			break
		}
		open = append(open, f)
	}
	t.groups.mu.Unlock()
	var lines []Line
	for i, f := range open {
		if err == nil && len(lines) < last || i == 0 {
			var data []byte
			var failed error
			data, failed = io.ReadAll(f)
			err = errors.Join(err, failed)
			if i == 0 {
				end := bytes.LastIndexByte(data, '\n') + 1
				t.file, t.rest, data = f, slices.Clone(data[end:]), data[:end]
			}
			lines = append(t.parse(data, last-len(lines)), lines...)
		}
		if f != t.file {
			err = errors.Join(err, f.Close())
		}
	}
	return lines, err
}

// next are the lines that have come since.
func (t *tail) next() (lines []Line, err error) {
	for {
		more, err := t.drain()
		lines = append(lines, more...)
		if err != nil {
			return lines, err
		}
		newer, err := t.newer()
		if err != nil || newer == nil {
			return lines, err
		}
		// No line comes to the old file any more, but some may have come since.
		more, err = t.drain()
		lines = append(lines, more...)
		if err != nil {
			return lines, errors.Join(err, newer.Close())
		}
		t.close()
		t.file, t.rest = newer, nil
	}
}

// drain reads what is left of the file.
func (t *tail) drain() (lines []Line, err error) {
	for t.file != nil {
		data, err := io.ReadAll(io.LimitReader(t.file, maxRead))
		if err != nil || len(data) == 0 {
			return lines, err
		}
		data = append(t.rest, data...)
		end := bytes.LastIndexByte(data, '\n') + 1
		t.rest = slices.Clone(data[end:])
		lines = append(lines, t.parse(data[:end], end)...)
	}
	return lines, nil
}

// newer opens the file after the one that is read, nil if there is none. Where the
// latter is none of the group's any more, that is the oldest one.
func (t *tail) newer() (*os.File, error) {
	t.groups.mu.Lock()
	defer t.groups.mu.Unlock()
	var own os.FileInfo
	var err error
	if t.file != nil {
		if own, err = t.file.Stat(); err != nil {
			return nil, err
		}
	}
	after := ""
	for _, name := range files(t.name) {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if own != nil && os.SameFile(own, info) {
			break
		}
		after = name
	}
	if after == "" {
		return nil, nil
	}
	return os.Open(after)
}

func (t *tail) close() {
	if t != nil && t.file != nil {
		t.file.Close()
	}
}

// parse reads the last lines of a piece of a file. What has not the form of a line,
// as a process that was killed may leave it, is left out.
func (t *tail) parse(data []byte, last int) (lines []Line) {
	for end := len(data); end > 0 && len(lines) < last; {
		begin := bytes.LastIndexByte(data[:end-1], '\n') + 1
		when, rest, _ := bytes.Cut(data[begin:end-1], []byte(" "))
		stream, text, ok := bytes.Cut(rest, []byte(" "))
		at, err := time.Parse(timeForm, string(when))
		if ok && err == nil {
			lines = append(lines, Line{Time: at, Group: t.group, Stream: string(stream), Text: string(text)})
		}
		end = begin
	}
	slices.Reverse(lines)
	return lines
}
