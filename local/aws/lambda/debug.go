package lambda

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"skiff/local/store"
)

// leisure is how long a process under a debugger may take for anything: a person
// looks at it.
const leisure = 24 * time.Hour

// debugGrace is how long a debugger may take to end with the function it runs.
const debugGrace = 5 * time.Second

// A Debugger runs the processes of a function, one at a time. While it does,
// neither the function's timeout nor that of its callers ends an invocation, and
// others wait for their turn.
type Debugger struct {
	Dir     string   // of the code with symbols; holds bootstrap
	Command []string // that runs a bootstrap, whose path is added to it
	Started func()   // is called for each process, which waits for a person

	turn  chan struct{} // holds one while a process starts or works
	ended chan struct{} // closed when no more invocations are taken
}

// take waits for the turn of an invocation, and returns what ends it.
func (d *Debugger) take() (release func(), err error) {
	select {
	case d.turn <- struct{}{}:
		return func() { <-d.turn }, nil
	case <-d.ended:
		return nil, ErrClosed
	}
}

// Named finds a function of a stack by its name in AWS or in the program, and the
// zip on this machine that its code is in.
func (f *Functions) Named(prefix, dir, name string) (id, zip string, err error) {
	all, err := store.List[Function](f.db, FunctionToken)
	if err != nil {
		return "", "", err
	}
	var names []string
	for _, r := range all {
		logical, ok := strings.CutPrefix(r.URN, prefix)
		if !ok {
			continue
		}
		logical = logical[strings.LastIndex(logical, "::")+2:]
		names = append(names, logical)
		if (name == logical || name == r.ID) && r.Inputs.Code != nil {
			return r.ID, locate(dir, r.Inputs.Code.Path), nil
		}
	}
	slices.Sort(names)
	return "", "", fmt.Errorf("there is no function %q: there are %s", name, strings.Join(names, ", "))
}

// Debug runs a function under a debugger from now on, and starts a process at
// once.
func (f *Functions) Debug(id string, d Debugger) error {
	r, err := store.Get[Function](f.db, FunctionToken, id)
	if err != nil {
		return fmt.Errorf("function %s: %w", id, err)
	}
	if d.Dir, err = filepath.Abs(d.Dir); err != nil {
		return err
	}
	d.turn, d.ended = make(chan struct{}, 1), make(chan struct{})
	f.mu.Lock()
	f.debugged[id] = &d
	f.forgetVersion(id)
	f.mu.Unlock()
	v := f.current(r)
	f.runtime.Retire(id, v.ID)
	return f.runtime.prepare(v)
}

// EndDebugging ends the debuggers, and the invocations that wait in them for a
// person.
func (f *Functions) EndDebugging() {
	f.mu.Lock()
	debugged := f.debugged
	f.debugged = map[string]*Debugger{}
	f.mu.Unlock()
	for id, d := range debugged {
		close(d.ended)
		f.runtime.endAll(id)
	}
}

// underDebugger is a version for a debugger. The caller holds mu.
func (f *Functions) underDebugger(v Version) Version {
	if d := f.debugged[v.Name]; d != nil {
		v.Debugger, v.Dir, v.Timeout = d, d.Dir, leisure
	}
	return v
}

// identity tells what a function runs now from what it ran before: its settings
// and code. The caller holds mu.
func (f *Functions) identity(r store.Record[Function]) string {
	if f.debugged[r.ID] != nil {
		return versionID(r, "debugger")
	}
	return versionID(r, f.running(r))
}

// prepare starts a process of a version under a debugger, before it is asked for.
func (r *Runtime) prepare(v Version) error {
	release, err := v.Debugger.take()
	if err != nil {
		return err
	}
	s, bad := r.launch(v)
	if bad != nil {
		release()
		if bad.err != nil {
			return bad.err
		}
		return fmt.Errorf("function %s: %s", v.Name, bad.advice)
	}
	go func() {
		defer release()
		select {
		case <-s.ready:
			r.mu.Lock()
			r.rest(r.function(v.Name), s)
			r.mu.Unlock()
		case <-s.ended:
		}
	}()
	return nil
}

// endAll ends the processes of a function, with what they run.
func (r *Runtime) endAll(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sandboxes {
		if s.version.Name == name {
			r.forget(s)
			s.end()
		}
	}
}
