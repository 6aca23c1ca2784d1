package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"skiff/local/process/child"
)

// grace is the time go list has to end after SIGINT.
const grace = 5 * time.Second

// listed is a package in the output of go list.
type listed struct {
	Dir        string
	Standard   bool
	EmbedFiles []string
	Module     *module
	Error      *struct{ Err string }
	DepsErrors []*struct{ Err string }
}

type module struct {
	Version string
	Replace *module
}

// edited reports whether a person may edit the package. It is false for the
// standard library and for a module with a version.
func (p listed) edited() bool {
	m := p.Module
	if m != nil && m.Replace != nil {
		m = m.Replace
	}
	return !p.Standard && p.Dir != "" && (m == nil || m.Version == "")
}

// ErrIncomplete means that a package imports a missing one.
var ErrIncomplete = errors.New("some packages import missing packages")

// Packages returns the folders of packages and of everything they import. It
// leaves out what a person does not edit: the standard library and modules with
// a version. The patterns are go list's, relative to dir.
func Packages(ctx context.Context, dir string, env []string, patterns ...string) (Folders, error) {
	args := append([]string{"list", "-e", "-deps", "-json=Dir,Standard,EmbedFiles,Module,Error,DepsErrors"}, patterns...)
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	p, err := child.Start(cmd)
	if err != nil {
		return nil, err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.End(syscall.SIGINT, grace)
		return nil, ctx.Err()
	}
	if err := p.Wait(); err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, strings.TrimSpace(errs.String()))
	}
	folders, complete := Folders{}, true
	for dec := json.NewDecoder(&out); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		complete = complete && p.Error == nil && len(p.DepsErrors) == 0
		if !p.edited() {
			continue
		}
		folders.Add(p.Dir, len(p.EmbedFiles) > 0)
		for _, name := range p.EmbedFiles {
			folders.Add(filepath.Join(p.Dir, filepath.Dir(name)), true)
		}
	}
	if !complete {
		return folders, ErrIncomplete
	}
	return folders, nil
}
