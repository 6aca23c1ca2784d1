package lambda

import (
	"slices"
	"time"
)

// takeIdle removes an idle sandbox of a version from the idle list and returns
// it, or nil if there is none.
func (f *function) takeIdle(v Version) *sandbox {
	for i := len(f.idle) - 1; i >= 0; i-- {
		if s := f.idle[i]; s.version.ID == v.ID {
			f.idle = slices.Delete(f.idle, i, i+1)
			s.idleTimer.Stop()
			return s
		}
	}
	return nil
}

// rest makes s idle, or ends it if its version is no longer needed. The caller
// holds mu.
func (r *Runtime) rest(f *function, s *sandbox) {
	if s.ending {
		return
	}
	if r.closing || s.retired || f.keep != "" && f.keep != s.version.ID {
		s.end()
		return
	}
	f.idle = append(f.idle, s)
	limit := r.options.IdleTimeout
	if s.version.Debugger != nil {
		limit = leisure
	}
	s.idleTimer = time.AfterFunc(limit, func() { r.expire(s) })
}

// expire ends a sandbox that has been idle for too long.
func (r *Runtime) expire(s *sandbox) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forget(s) {
		s.end()
	}
}

// forget removes s from the idle list and reports whether it was there. The
// caller holds mu.
func (r *Runtime) forget(s *sandbox) bool {
	f := r.function(s.version.Name)
	i := slices.Index(f.idle, s)
	if i < 0 {
		return false
	}
	f.idle = slices.Delete(f.idle, i, i+1)
	s.idleTimer.Stop()
	return true
}

// Retire ends the sandboxes of every version of a function except keepID: idle
// ones now, busy ones after their invocation. Call it after each deployment. An
// empty keepID ends all of them, for a deleted function.
func (r *Runtime) Retire(name string, keepID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.function(name)
	f.keep = keepID
	for _, s := range r.sandboxes {
		if s.version.Name != name || s.version.ID == keepID {
			continue
		}
		if r.forget(s) {
			s.end()
		}
		s.retired = true
	}
}

// Sandboxes returns how many processes of a function exist, busy or idle.
func (r *Runtime) Sandboxes(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, s := range r.sandboxes {
		if s.version.Name == name {
			n++
		}
	}
	return n
}
