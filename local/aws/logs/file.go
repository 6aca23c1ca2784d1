package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// AWS keeps lines for a number of days; a local group has a size limit of 32
// MiB instead, because a machine in occasional use writes few lines a day.
// Lines go to the file with the group's name. Before that file exceeds
// maxBytes, it is renamed to NAME.1, NAME.1 to NAME.2, and so on. Only maxFiles
// files are kept.
const (
	maxBytes = 8 << 20
	maxFiles = 4
)

// files returns the possible file names of a group, the newest first. Some of
// the files may not exist.
func files(name string) []string {
	all := []string{name}
	for i := 1; i < maxFiles; i++ {
		all = append(all, name+"."+strconv.Itoa(i))
	}
	return all
}

// appendLines writes lines at the end of a group's newest file. It uses one
// write, so that a killed process leaves the earlier lines whole.
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
	// A person may have removed or renamed the open file.
	if f == nil || info == nil || !os.SameFile(info, f.info) {
		if f, err = g.reopen(name); err != nil {
			return err
		}
	}
	_, err = f.Write(lines)
	for _, reader := range g.readers {
		select {
		case reader <- struct{}{}:
		default: // a notification is already pending
		}
	}
	return err
}

// openFile is an open file that lines are appended to.
type openFile struct {
	*os.File
	info os.FileInfo
}

// reopen closes the file that is open under name and opens the current one.
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

// close closes the file that is open under name, if any.
func (g *Groups) close(name string) error {
	f := g.open[name]
	if f == nil {
		return nil
	}
	delete(g.open, name)
	return f.Close()
}

// rotate renames the files to free the first name. It renames the files up to
// the first missing name, the oldest first. A missing name means that a process
// was killed during a rotation; filling that gap loses no lines.
func rotate(name string) error {
	all := files(name)
	taken := 0
	for taken < len(all) {
		if _, err := os.Stat(all[taken]); errors.Is(err, fs.ErrNotExist) {
			break
		}
		taken++
	}
	// If every name is taken, the last rename replaces the oldest file.
	for i := min(taken, len(all)-1); i > 0; i-- {
		if err := os.Rename(all[i-1], all[i]); err != nil {
			return err
		}
	}
	return nil
}
