package lambda

import (
	"slices"
	"time"
)

// takeIdle is an idle sandbox of a version, which it is no more, or nil.
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

// rest makes s idle, or ends it when its version is no longer wanted. The
// caller holds mu.
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

// expire ends a sandbox that nobody has used for a while.
func (r *Runtime) expire(s *sandbox) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forget(s) {
		s.end()
	}
}

// forget takes s out of the idle ones and reports whether it was among them.
// The caller holds mu.
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

// Retire ends the sandboxes of every version of a function but keepID: idle
// ones now, others once they have finished what they run. Call it after each
// deploy; an empty keepID, for a function that is deleted, ends them all.
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

// Sandboxes returns how many processes of a function live, busy or idle.
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
