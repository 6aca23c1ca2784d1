package cloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"sync"

	"skiff/local/iam"
)

// uses is the file of every distinct call that functions have made, a line of
// JSON each, whichever process of the cloud has seen it first.
type uses struct {
	mu   sync.Mutex
	file *os.File
	seen map[iam.Use]bool
}

// openUses opens the file, and leaves out of it what is no use, such as a line
// that was being written when the process was killed, or there twice.
func openUses(name string) (*uses, error) {
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	u := &uses{seen: map[iam.Use]bool{}}
	var kept []byte
	for line := range bytes.Lines(data) {
		var use iam.Use
		if json.Unmarshal(line, &use) == nil && !u.seen[use] && bytes.HasSuffix(line, []byte("\n")) {
			u.seen[use], kept = true, append(kept, line...)
		}
	}
	if len(kept) < len(data) {
		if err := os.WriteFile(name+".tmp", kept, 0o600); err != nil {
			return nil, err
		}
		if err := os.Rename(name+".tmp", name); err != nil {
			return nil, err
		}
	}
	u.file, err = os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return u, err
}

// add writes a use that the file does not have.
func (u *uses) add(use iam.Use) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen[use] {
		return nil
	}
	data, err := json.Marshal(use)
	if err != nil {
		return err
	}
	if _, err := u.file.Write(append(data, '\n')); err != nil {
		return err
	}
	u.seen[use] = true
	return nil
}

func (u *uses) Close() error { return u.file.Close() }
