package logs

import (
	"errors"
	"io/fs"
	"os"
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

// appendLine writes a line at the end of a group's newest file, in one call: a
// process that is killed leaves the lines before it whole.
func appendLine(name string, line []byte) error {
	if info, err := os.Stat(name); err == nil && info.Size() > 0 && info.Size()+int64(len(line)) > maxBytes {
		if err := rotate(name); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Close())
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
