package note

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Preview is what one stack's preview told.
type Preview struct {
	Stack string

	changes   []change // in the order of their types and names
	unchanged int
	failures  []string // what it failed with, free of secrets
	mask      mask
}

// Failed tells whether the preview came to no end. What it did find is still
// shown.
func (p Preview) Failed() bool { return len(p.failures) > 0 }

// Read takes what pulumi preview --json printed for the stack. A preview that
// failed before it could print JSON is of use too: the Preview that comes with
// an error is an empty one of that stack, for Fail to fill.
func Read(stack string, data []byte) (Preview, error) {
	p := Preview{Stack: stack}
	start := 0
	// The engine prints nothing else, but the command that runs it may.
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
		return errors.New("it printed no JSON; see what the job's log says of it")
	case strings.Contains(err.Error(), "unexpected EOF"):
		return errors.New("its JSON ends in the middle; see whether the job was stopped or its disk was full")
	}
	return fmt.Errorf("what it printed is not the JSON of a preview: %w", err)
}

// Fail returns the preview as one that failed. Text is what the engine printed
// elsewhere, which is shown if the preview itself has no errors to show.
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

// digest is the document, as far as a note goes.
// https://github.com/pulumi/pulumi/blob/v3.250.0/pkg/display/json.go
type digest struct {
	Steps       []step
	Diagnostics []struct{ Prefix, Message, Severity string }
	// ChangeSummary counts resources by operation. Where a preview fails it
	// is not there; resources that stay the same are in no step.
	ChangeSummary map[string]int
}

type step struct {
	Op                 string
	URN                string
	OldState, NewState *state
	DiffReasons        []string            // names of properties; what there is if DetailedDiff is null
	ReplaceReasons     []string            // names of properties
	DetailedDiff       map[string]property // by path
}

type property struct {
	Kind      string // add, delete or update, and each with -replace
	InputDiff bool   // whether it compares inputs; if not, old outputs with new inputs
}

type state struct {
	Inputs, Outputs         map[string]any
	AdditionalSecretOutputs []string
	Protect                 bool
	RetainOnDelete          bool
}
