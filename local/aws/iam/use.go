package iam

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// Use is one decided call, as it is recorded.
type Use struct {
	Role     string // name
	Session  string // the function; "" for a Pulumi program that has taken the role
	Action   string
	Resource string
	Allowed  bool
}

// ReadUses reads recorded uses, one JSON object a line. A file that is not there
// has none; a line that a kill has cut short counts for nothing.
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

// Recorded makes known the uses that are recorded already, so that they are not
// recorded again.
func (a *Authority) Recorded(uses []Use) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, u := range uses {
		a.seen[u] = true
	}
}

func (a *Authority) note(u Use) {
	// Streams come and go with the processes that write to them, connections with
	// their clients.
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
