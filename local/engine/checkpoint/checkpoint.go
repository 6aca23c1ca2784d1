// Package checkpoint reads the state that the Pulumi engine keeps of a stack.
package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Resource is what a state says of one resource, as far as it is asked here.
type Resource struct {
	URN      string `json:"urn"`
	Type     string `json:"type"`
	ID       string `json:"id"`
	Delete   bool   `json:"delete"`             // an old resource, which the next update deletes
	Replaced bool   `json:"pendingReplacement"` // deleted already, to be made again
	External bool   `json:"external"`           // read, not made
}

// Read reads the file in which the backend keeps a stack; a stack without one
// has no resources.
func Read(file string) ([]Resource, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var state struct {
		Checkpoint struct {
			Latest struct {
				Resources []Resource `json:"resources"`
			} `json:"latest"`
		} `json:"checkpoint"`
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return nil, fmt.Errorf("the state of the stack in %s: %w", file, err)
	}
	return state.Checkpoint.Latest.Resources, nil
}
