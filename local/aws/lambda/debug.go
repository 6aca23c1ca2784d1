package lambda

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"skiff/local/store"
)

// leisure is the time limit for everything in a process under a debugger,
// because a person works with it.
const leisure = 24 * time.Hour

// debugGrace is how long a debugger may take to stop together with its
// function.
const debugGrace = 5 * time.Second

// Debugger runs a function's processes under a debugger, one at a time. No
// timeout of the function or of its callers ends an invocation, and other
// invocations wait.
type Debugger struct {
	Dir     string   // directory of the code with symbols; contains bootstrap
	Command []string // debugger command; the path of the bootstrap is appended
	Started func()   // called for each process, which then waits for a person

	turn    chan struct{} // holds one element while a process starts or works
	ended   chan struct{} // closed when the debugger takes no more invocations
	edition int           // counts the debuggers of the function
}

// take waits until no other invocation runs. release lets the next one run.
func (d *Debugger) take() (release func(), err error) {
	select {
	case d.turn <- struct{}{}:
		return func() { <-d.turn }, nil
	case <-d.ended:
		return nil, ErrClosed
	}
}

// Named finds a function of a stack by its name in AWS or in the program. It
// returns the function's id and the path of its zip.
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
	return "", "", fmt.Errorf("there is no function %q; the functions are %s", name, strings.Join(names, ", "))
}

// Debug runs a function under a debugger from now on and starts its first
// process. If the function has a debugger already, the new one takes its place
// as soon as the running invocation ends; Debug does not wait for that.
func (f *Functions) Debug(id string, d Debugger) error {
	r, err := store.Get[Function](f.db, FunctionToken, id)
	if err != nil {
		return fmt.Errorf("function %s: %w", id, err)
	}
	if d.Dir, err = filepath.Abs(d.Dir); err != nil {
		return err
	}
	f.mu.Lock()
	before := f.debugged[id]
	if before != nil {
		d.turn, d.ended, d.edition = before.turn, before.ended, before.edition+1
	} else {
		d.turn, d.ended = make(chan struct{}, 1), make(chan struct{})
	}
	f.debugged[id] = &d
	f.forgetVersion(id)
	f.mu.Unlock()
	v := f.current(r)
	f.runtime.Retire(id, v.ID)
	if before == nil {
		return f.runtime.prepare(v)
	}
	f.runtime.endWaiting(v)
	go func() { _ = f.runtime.prepare(v) }() // the next invocation reports an error again
	return nil
}

// EndDebugging stops all debuggers, together with the invocations that they run
// or hold.
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

// underDebugger returns the version to run under the function's debugger, if
// there is one. The caller holds mu.
func (f *Functions) underDebugger(v Version) Version {
	if d := f.debugged[v.Name]; d != nil {
		v.Debugger, v.Dir, v.Timeout = d, d.Dir, leisure
	}
	return v
}

// identity returns an ID of a function's current settings and code. The caller
// holds mu.
func (f *Functions) identity(r store.Record[Function]) string {
	if d := f.debugged[r.ID]; d != nil {
		return versionID(r, fmt.Sprint("debugger ", d.edition))
	}
	return versionID(r, f.running(r))
}

// prepare starts a process of a version under a debugger before the first
// invocation.
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

// endWaiting ends the processes of a function's earlier debuggers that still
// wait for a person.
func (r *Runtime) endWaiting(v Version) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sandboxes {
		if s.precedes(v) && !s.started {
			s.end()
		}
	}
}

// precedes reports whether a sandbox belongs to an earlier debugger of a
// function.
func (s *sandbox) precedes(v Version) bool {
	return s.version.Name == v.Name && s.version.ID != v.ID && s.version.Debugger != nil
}

// awaitOthers waits until the processes of a function's earlier debuggers have
// ended. They use the same address, and the caller has the turn.
func (r *Runtime) awaitOthers(v Version) {
	var others []*sandbox
	r.mu.Lock()
	for _, s := range r.sandboxes {
		if s.precedes(v) {
			others = append(others, s)
		}
	}
	r.mu.Unlock()
	for _, s := range others {
		<-s.ended
	}
}

// endAll ends the processes of a function, including busy ones.
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
