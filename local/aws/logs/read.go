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

// maxRead is the most bytes that one read returns.
const maxRead = 1 << 20

// Read calls emit with the last lines of groups, ordered by time, at most last
// of them. With follow, it continues with new lines until ctx ends, and then
// returns nil. Read calls groups before each pass, and reads a group that is
// new since the previous pass from its beginning.
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

// look returns the lines that were written since the previous call. The first
// call returns at most the last lines of each group. A group that is new in a
// later call is read from its beginning.
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

// listen registers changed for a notification after each write. stop
// unregisters it.
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

// A tail reads the files of one group to the end and then follows them. It
// keeps the current file open so that it can finish a file that is renamed or
// removed.
type tail struct {
	groups      *Groups
	group, name string

	file *os.File // nil if no file exists yet
	rest []byte   // an incomplete last line
}

// history moves to the end of the newest file and returns the last lines before
// it. It opens the files under the writers' lock, so that no rotation comes in
// between, and reads them without the lock.
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

// next returns the lines that were written since the previous call.
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
		// Writers have moved to the newer file, but may have added lines to
		// this one since the drain above.
		more, err = t.drain()
		lines = append(lines, more...)
		if err != nil {
			return lines, errors.Join(err, newer.Close())
		}
		t.close()
		t.file, t.rest = newer, nil
	}
}

// drain reads the rest of the current file.
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

// newer opens the file that follows the current one; it returns nil if there is
// none. If the current file is no longer one of the group's files, newer opens
// the oldest one.
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

// parse returns at most the last lines in data. It skips text that is not in
// the format of a line, such as the partial write of a killed process.
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
