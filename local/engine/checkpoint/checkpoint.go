// Package checkpoint reads the Pulumi engine's state of a stack.
package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Resource is a resource in a state, with the properties that the local cloud
// needs.
type Resource struct {
	URN      string `json:"urn"`
	Type     string `json:"type"`
	ID       string `json:"id"`
	Delete   bool   `json:"delete"`             // the next update deletes this old resource
	Replaced bool   `json:"pendingReplacement"` // deleted, to be created again
	External bool   `json:"external"`           // read, not created
}

// Read reads the file with a stack's state. Without a file, the stack has no
// resources.
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
