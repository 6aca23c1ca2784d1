package iam

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// Use is a recorded decision on a call.
type Use struct {
	Role     string // name
	Session  string // the function; "" for a Pulumi program with the role
	Action   string
	Resource string
	Allowed  bool
}

// ReadUses reads recorded uses, one JSON object per line. A missing file has
// none. It skips a line that a kill has cut short.
func ReadUses(file string) ([]Use, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var uses []Use
	for line := range strings.Lines(string(data)) {
		var u Use
		if json.Unmarshal([]byte(line), &u) == nil {
			uses = append(uses, u)
		}
	}
	return uses, nil
}

// Recorded marks uses as recorded already, so they are not recorded again.
func (a *Authority) Recorded(uses []Use) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, u := range uses {
		a.seen[u] = true
	}
}

func (a *Authority) note(u Use) {
	// The names of log streams and connections are unlimited, so they are
	// recorded as *.
	for _, passing := range []string{":log-stream:", "/@connections/"} {
		if of, _, ok := strings.Cut(u.Resource, passing); ok {
			u.Resource = of + passing + "*"
		}
	}
	a.mu.Lock()
	known := a.seen[u]
	a.seen[u] = true
	a.mu.Unlock()
	if !known && a.record != nil {
		a.record(u)
	}
}
