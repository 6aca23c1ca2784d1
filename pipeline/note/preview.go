package note

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Preview is the result of one stack's preview.
type Preview struct {
	Stack string

	changes   []change // sorted by type and name
	unchanged int
	failures  []string // errors, without secrets
	mask      mask
}

// Failed reports whether the preview failed. The changes that it found until
// then are still shown.
func (p Preview) Failed() bool { return len(p.failures) > 0 }

// Read reads the output of pulumi preview --json for the stack. If it fails, it
// returns an empty Preview of the stack, for Fail: a preview may fail before it
// prints JSON.
func Read(stack string, data []byte) (Preview, error) {
	p := Preview{Stack: stack}
	start := 0
	// The engine prints only the JSON, but a command that runs the engine may
	// print lines before it.
	if !bytes.HasPrefix(data, []byte("{")) {
		start = bytes.Index(data, []byte("\n{")) + 1
	}
	var d digest
	decoder := json.NewDecoder(bytes.NewReader(data[start:]))
	decoder.UseNumber()
	if err := decoder.Decode(&d); err != nil {
		return p, fmt.Errorf("the preview of stack %s: %w", stack, unreadable(data, err))
	}
	p.changes = d.changes()
	p.unchanged = d.ChangeSummary["same"]
	p.mask = d.mask()
	for _, diagnostic := range d.Diagnostics {
		if text := strings.TrimSpace(diagnostic.Prefix + diagnostic.Message); diagnostic.Severity == "error" && text != "" {
			p.failures = append(p.failures, p.mask.text(text))
		}
	}
	return p, nil
}

func unreadable(data []byte, err error) error {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return errors.New("it printed no JSON; see the job's log")
	case strings.Contains(err.Error(), "unexpected EOF"):
		return errors.New("its JSON is incomplete; check whether the job was stopped or its disk was full")
	}
	return fmt.Errorf("its output is not the JSON of a preview: %w", err)
}

// Fail returns the preview as a failed one. text is what the engine printed
// elsewhere. It is shown if the preview itself has no errors.
func (p Preview) Fail(text string) Preview {
	if p.Failed() {
		return p
	}
	if text = strings.TrimSpace(text); text == "" {
		text = "it printed no error; see the job's log"
	}
	p.failures = []string{p.mask.text(text)}
	return p
}

// digest is the part of the JSON that a note needs.
// https://github.com/pulumi/pulumi/blob/v3.250.0/pkg/display/json.go
type digest struct {
	Steps       []step
	Diagnostics []struct{ Prefix, Message, Severity string }
	// ChangeSummary counts resources by operation. It is missing if the preview
	// failed. Resources with the operation same are counted but have no step.
	ChangeSummary map[string]int
}

type step struct {
	Op                 string
	URN                string
	OldState, NewState *state
	DiffReasons        []string            // names of properties, in place of a DetailedDiff that is null
	ReplaceReasons     []string            // names of properties
	DetailedDiff       map[string]property // by path
}

type property struct {
	Kind      string // add, delete or update, or one of these with -replace
	InputDiff bool   // whether the old value is an input; otherwise it is an output
}

type state struct {
	Inputs, Outputs         map[string]any
	AdditionalSecretOutputs []string
	Protect                 bool
	RetainOnDelete          bool
}
