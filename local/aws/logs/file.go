package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// A group's lines end up in the file of its name, until that would be larger than
// maxBytes. Then it becomes NAME.1, the one of that name NAME.2, and so on. What is
// older than maxFiles files is removed, so a group has 32 MiB at most. AWS keeps
// lines for days instead, of which a machine that is used now and then sees few.
const (
	maxBytes = 8 << 20
	maxFiles = 4
)

// files are the files of a group, of which the first has the newest lines. Not
// all of them need be there.
func files(name string) []string {
	all := []string{name}
	for i := 1; i < maxFiles; i++ {
		all = append(all, name+"."+strconv.Itoa(i))
	}
	return all
}

// appendLines writes lines at the end of a group's newest file, in one call: a
// process that is killed leaves the lines before them whole.
func (g *Groups) appendLines(name string, lines []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	info, err := os.Stat(name)
	if err == nil && info.Size() > 0 && info.Size()+int64(len(lines)) > maxBytes {
		if err := rotate(name); err != nil {
			return err
		}
		info = nil
	}
	f := g.open[name]
	// The file may be another one by now: a person may remove or rename it.
	if f == nil || info == nil || !os.SameFile(info, f.info) {
		if f, err = g.reopen(name); err != nil {
			return err
		}
	}
	_, err = f.Write(lines)
	for _, reader := range g.readers {
		select {
		case reader <- struct{}{}:
		default: // it has yet to hear of lines before
		}
	}
	return err
}

// An openFile is a file that lines are written to.
type openFile struct {
	*os.File
	info os.FileInfo
}

// reopen opens the file of that name in place of the one that was open under it.
func (g *Groups) reopen(name string) (*openFile, error) {
	if err := g.close(name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	g.open[name] = &openFile{f, info}
	return g.open[name], nil
}

// close closes the file that is open under a name, if one is.
func (g *Groups) close(name string) error {
	f := g.open[name]
	if f == nil {
		return nil
	}
	delete(g.open, name)
	return f.Close()
}

// rotate makes way for a new file. Only as many files are renamed as are there
// without a gap, the oldest first: a gap is what a process that was killed in here
// has left, and closing it loses nothing.
func rotate(name string) error {
	all := files(name)
	taken := 0
	for taken < len(all) {
		if _, err := os.Stat(all[taken]); errors.Is(err, fs.ErrNotExist) {
			break
		}
		taken++
	}
	// With every name taken, the last rename replaces the oldest file.
	for i := min(taken, len(all)-1); i > 0; i-- {
		if err := os.Rename(all[i-1], all[i]); err != nil {
			return err
		}
	}
	return nil
}
