package provider

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"sync"

	"skiff/local/engine/checkpoint"
	"skiff/local/store"
)

// Unsaved makes it safe to kill an engine at any moment. The engine saves its
// state once, at the end of a command: saving after each step takes time that
// grows with the square of the number of resources. The cloud is on the same
// machine and remembers what the engine has not saved:
//
//   - the transaction that writes a record also notes the create, update or delete
//     (store.Change). The notes are deleted once the engine has saved;
//   - before a command, Begin compares the remaining notes with the state. It
//     returns the resources whose state is outdated, for a refresh;
//   - a resource that the state lacks is lost. A create with the same URN returns
//     it, with its id and name (see adopt);
//   - after a complete command, End returns the lost resources that no program
//     declares. The caller deletes them.
//
// So a command after a kill has the same result as a command without one.
type Unsaved struct {
	db *store.Store

	mu     sync.Mutex
	stacks map[string]*stack
}

// stack is the data about the engines of one stack.
type stack struct {
	run  string                  // id of the last engine's run
	lost map[string]store.Change // creations that the state lacks, by type and URN
	busy int                     // number of operations in progress
	idle chan struct{}           // closed when busy reaches 0; nil if no caller waits
}

// NewUnsaved returns an Unsaved for the changes in db.
func NewUnsaved(db *store.Store) *Unsaved {
	return &Unsaved{db: db, stacks: map[string]*stack{}}
}

// State returns the resources in an engine's current state.
type State func() ([]checkpoint.Resource, error)

// Begin prepares a command on a stack. prefix begins the stack's URNs, such as
// "urn:pulumi:staging::project". No other engine may use the stack. Begin
// returns the URNs whose state needs a refresh; refreshed means that the
// refresh is done.
func (u *Unsaved) Begin(ctx context.Context, prefix string, state State, refreshed bool) (stale []string, err error) {
	// Operations of a killed engine may still be running.
	if err := u.await(ctx, prefix); err != nil {
		return nil, err
	}
	sorted, err := u.sort(prefix, state)
	if err != nil {
		return nil, err
	}
	if refreshed {
		sorted.settled = append(sorted.settled, sorted.stale...)
		sorted.stale, sorted.urns = nil, nil
	}
	if err := store.Forget(u.db, prefix, sorted.settled); err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.stack(prefix)
	s.run, s.lost = rand.Text(), map[string]store.Change{}
	for _, c := range sorted.lost {
		s.lost[c.Token+c.URN] = c
	}
	return sorted.urns, nil
}

// End follows a command that has saved its state. complete means that the
// command did all that the program declares. End then returns the lost
// creations that no program declares any more.
func (u *Unsaved) End(ctx context.Context, prefix string, state State, complete bool) (orphans []store.Change, err error) {
	if err := u.await(ctx, prefix); err != nil {
		return nil, err
	}
	run := u.run(prefix)
	all, err := store.Changes(u.db, prefix)
	if err != nil {
		return nil, err
	}
	others := slices.ContainsFunc(all, func(c store.Change) bool { return c.Run != run })
	if complete && !others {
		return nil, store.Forget(u.db, prefix, all)
	}
	sorted, err := u.sort(prefix, state)
	if err != nil {
		return nil, err
	}
	for _, c := range sorted.stale {
		if c.Run == run {
			sorted.settled = append(sorted.settled, c)
		}
	}
	if complete {
		orphans = slices.DeleteFunc(sorted.lost, func(c store.Change) bool { return c.Run == run })
	}
	return orphans, store.Forget(u.db, prefix, sorted.settled)
}

// sorted holds the changes of a stack, compared with the engine's state.
type sorted struct {
	settled []store.Change // saved in the state
	stale   []store.Change // the state may have older properties
	lost    []store.Change // the resource exists, but the state lacks it
	urns    []string       // of stale, as in the state
}

func (u *Unsaved) sort(prefix string, state State) (s sorted, err error) {
	all, err := store.Changes(u.db, prefix)
	if err != nil || len(all) == 0 {
		return s, err
	}
	resources, err := state()
	if err != nil {
		return s, err
	}
	known := map[string][]checkpoint.Resource{}
	for _, r := range resources {
		known[r.Type+" "+r.ID] = append(known[r.Type+" "+r.ID], r)
	}
	for _, c := range all {
		there, err := store.Has(u.db, c.Token, c.Key)
		if err != nil {
			return s, err
		}
		r, ok := of(known[c.Token+" "+c.ID], c)
		switch {
		case ok && !r.Delete && !r.Replaced && c.Known:
			s.stale, s.urns = append(s.stale, c), append(s.urns, r.URN)
		case ok && !r.Replaced:
			s.settled = append(s.settled, c)
		case there || c.Verb == store.Began:
			s.lost = append(s.lost, c)
		default:
			s.settled = append(s.settled, c)
		}
	}
	return s, nil
}

// of returns the resource of a change, from the resources with the same type
// and id. If the id is unique only within another resource, the URN must match
// too. Else the URN may be an older one, because of an alias.
func of(resources []checkpoint.Resource, c store.Change) (checkpoint.Resource, bool) {
	i := slices.IndexFunc(resources, func(r checkpoint.Resource) bool { return !r.External && r.URN == c.URN })
	if i < 0 && c.Key == c.ID {
		i = slices.IndexFunc(resources, func(r checkpoint.Resource) bool { return !r.External })
	}
	if i < 0 {
		return checkpoint.Resource{}, false
	}
	return resources[i], true
}

// stack returns the data of one stack. The caller holds the lock.
func (u *Unsaved) stack(prefix string) *stack {
	s, ok := u.stacks[prefix]
	if !ok {
		s = &stack{}
		u.stacks[prefix] = s
	}
	return s
}

func (u *Unsaved) run(prefix string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.stack(prefix).run
}

// enter begins an operation on a resource. leave ends it.
func (u *Unsaved) enter(urn string) (leave func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.stack(prefixOf(urn))
	s.busy++
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		if s.busy--; s.busy == 0 && s.idle != nil {
			close(s.idle)
			s.idle = nil
		}
	}
}

// await waits until no operation of the stack is in progress.
func (u *Unsaved) await(ctx context.Context, prefix string) error {
	for {
		u.mu.Lock()
		s := u.stack(prefix)
		if s.busy == 0 {
			u.mu.Unlock()
			return nil
		}
		if s.idle == nil {
			s.idle = make(chan struct{})
		}
		idle := s.idle
		u.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// lostOf returns the lost creation with a type and URN.
func (u *Unsaved) lostOf(token, urn string) (store.Change, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c, ok := u.stack(prefixOf(urn)).lost[token+urn]
	return c, ok
}

// adopted removes a creation from the lost ones.
func (u *Unsaved) adopted(c store.Change) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.stack(c.Stack).lost, c.Token+c.URN)
}

// allLost returns the lost creations of a stack, the last one first.
func (u *Unsaved) allLost(prefix string) []store.Change {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.SortedFunc(maps.Values(u.stack(prefix).lost), func(a, b store.Change) int { return b.At.Compare(a.At) })
}

// Lost returns the URNs of the creations that exist in the cloud but not in the
// engine's state.
func (u *Unsaved) Lost(ctx context.Context, prefix string, state State) ([]string, error) {
	if err := u.await(ctx, prefix); err != nil {
		return nil, err
	}
	sorted, err := u.sort(prefix, state)
	var urns []string
	for _, c := range sorted.lost {
		urns = append(urns, c.URN)
	}
	return urns, err
}

// prefixOf returns the stack and project in a URN, which begin all URNs of the
// stack. https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
func prefixOf(urn string) string {
	parts := strings.SplitN(urn, "::", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[0] + "::" + parts[1]
}

// change returns the note of a call's change to a record.
func (c Call) change(verb store.Verb, token, key, id string) store.Change {
	if c.unsaved == nil {
		return store.Change{}
	}
	prefix := prefixOf(c.URN)
	return store.Change{Stack: prefix, Run: c.unsaved.run(prefix), Verb: verb, Token: token, Key: key, ID: id, URN: c.URN}
}

// lost returns the lost creation that a create may return instead of a new
// resource.
func (c Call) lost(token string) (store.Change, bool) {
	if c.unsaved == nil {
		return store.Change{}, false
	}
	return c.unsaved.lostOf(token, c.URN)
}
