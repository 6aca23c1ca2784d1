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

// Unsaved keeps the promise that an engine may be killed at any moment. The
// engine saves its state once, at the end of a command: to save it after every
// step takes time that grows with the square of the resources. The cloud, which
// is on the same machine, holds what the engine has not saved:
//
//   - every create, update and delete is noted in the transaction that writes
//     the record (store.Change), and forgotten once the engine has saved;
//   - before a command, Begin compares the notes that are left with the state.
//     What the state knows and no longer has right, is to be refreshed;
//   - what the state does not know is lost. A create of the same URN gives it
//     back, with its id and name (see adopt), as long as the program has it;
//   - End says, after a command that did everything, what no program has any
//     more. It is deleted then.
//
// So a command after a kill ends as it does after a command that was not killed.
type Unsaved struct {
	db *store.Store

	mu     sync.Mutex
	stacks map[string]*stack
}

// stack is what is known of the engines of one stack.
type stack struct {
	run  string                  // of the last engine
	lost map[string]store.Change // creations that the state lacks, by type and URN
	busy int                     // operations under way
	idle chan struct{}           // closed when none is; nil unless one waits for it
}

// NewUnsaved is for the changes in db.
func NewUnsaved(db *store.Store) *Unsaved {
	return &Unsaved{db: db, stacks: map[string]*stack{}}
}

// State reads what the state of an engine says at the time.
type State func() ([]checkpoint.Resource, error)

// Begin prepares for a command on a stack, whose URNs have the prefix, such as
// "urn:pulumi:staging::project". No other engine may be at work on the stack. It
// returns the URNs that the state is to be refreshed for; refreshed says that it
// was.
func (u *Unsaved) Begin(ctx context.Context, prefix string, state State, refreshed bool) (stale []string, err error) {
	// What an engine that was killed had begun may go on for a while.
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

// End follows a command that has saved its state. After a complete one, which
// did all that the program says, it returns the lost creations that no program
// has any more.
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

// sorted are the changes of a stack, compared with the engine's state.
type sorted struct {
	settled []store.Change // the state has them
	stale   []store.Change // the state may have the resource as it was
	lost    []store.Change // the state does not know of the resource, which is there
	urns    []string       // of stale, by the state
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

// of is the resource that a change is of, among those of its type and id. An id
// that AWS keeps unique within something else takes the URN as well; of others
// it may be an earlier one, by an alias.
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

// stack needs the lock.
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

// enter begins an operation on a resource, and returns what ends it.
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

// await waits until no operation of the stack is under way.
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

// lostOf is the lost creation of a type and URN.
func (u *Unsaved) lostOf(token, urn string) (store.Change, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c, ok := u.stack(prefixOf(urn)).lost[token+urn]
	return c, ok
}

// adopted says that a lost creation is no longer lost.
func (u *Unsaved) adopted(c store.Change) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.stack(c.Stack).lost, c.Token+c.URN)
}

// allLost lists the lost creations of a stack, the last one first.
func (u *Unsaved) allLost(prefix string) []store.Change {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.SortedFunc(maps.Values(u.stack(prefix).lost), func(a, b store.Change) int { return b.At.Compare(a.At) })
}

// Lost lists the creations of a stack, by URN, that the engine's state lacks and
// the cloud has.
func (u *Unsaved) Lost(prefix string, state State) ([]string, error) {
	sorted, err := u.sort(prefix, state)
	var urns []string
	for _, c := range sorted.lost {
		urns = append(urns, c.URN)
	}
	return urns, err
}

// prefixOf is the stack and project of a URN, as all URNs of the stack begin.
// https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
func prefixOf(urn string) string {
	parts := strings.SplitN(urn, "::", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[0] + "::" + parts[1]
}

// change is the note of what a call does to a record.
func (c Call) change(verb store.Verb, token, key, id string) store.Change {
	if c.unsaved == nil {
		return store.Change{}
	}
	prefix := prefixOf(c.URN)
	return store.Change{Stack: prefix, Run: c.unsaved.run(prefix), Verb: verb, Token: token, Key: key, ID: id, URN: c.URN}
}

// lost is the lost creation that a create may give back.
func (c Call) lost(token string) (store.Change, bool) {
	if c.unsaved == nil {
		return store.Change{}, false
	}
	return c.unsaved.lostOf(token, c.URN)
}
