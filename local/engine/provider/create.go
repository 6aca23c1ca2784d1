package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"skiff/local/store"
)

func (k *kind) create(ctx context.Context, db *store.Store, c Call, inputs map[string]any) (string, map[string]any, error) {
	in, problem := k.decode(inputs)
	if problem != nil {
		return "", nil, problem
	}
	r := k.record(c, in, inputs)
	if lost, ok := c.lost(k.Token); ok {
		if lost.Verb == store.Began {
			if k.Named == "" || lost.Name != "" && lost.Name == inputs[k.Named] {
				r.ID = lost.ID // Create finds by this id what the lost creation left outside the store
			}
		} else if id, outputs, adopted, err := k.adopt(ctx, db, c, lost, in, inputs); adopted || err != nil {
			if adopted {
				c.unsaved.adopted(lost)
			}
			return id, outputs, err
		}
	}
	key := k.key(c, r.ID, in)
	if other, taken := k.creating.LoadOrStore(key, c.URN); taken {
		return "", nil, k.failure(fmt.Errorf("%q already exists (it belongs to %s): give one of the two another name", r.ID, other))
	}
	defer k.creating.Delete(key)
	defer k.exclusively()()
	if err := k.checkFree(db, key, r.ID, c.URN, inputs); err != nil {
		return "", nil, err
	}
	if err := k.permitted(Operation[any]{Call: c, Verb: Create, Record: r}); err != nil {
		return "", nil, err
	}
	if err := k.begin(db, c, key, r, inputs); err != nil {
		return "", nil, err
	}
	if k.Create != nil {
		if err := k.Create(ctx, c, &r); err != nil {
			return "", nil, k.failure(err)
		}
	}
	return k.created(db, c, key, r, inputs)
}

// record returns the record of a resource before its creation.
func (k *kind) record(c Call, in any, inputs map[string]any) record {
	id := randomID()
	if k.ID != nil {
		id = k.ID(c, in)
	}
	return record{ID: id, URN: c.URN, Account: c.Account, Region: c.Region, Tags: k.tags(c, inputs), Created: time.Now(), Inputs: in, State: map[string]string{}}
}

// begin notes a creation that may leave something outside the store.
func (k *kind) begin(db *store.Store, c Call, key string, r record, inputs map[string]any) error {
	if !k.Outside {
		return nil
	}
	note := c.change(store.Began, k.Token, key, r.ID)
	note.Name = k.madeUp(inputs)
	var err error
	if note.Record, err = json.Marshal(r); err != nil {
		return err
	}
	return store.Note(db, note)
}

// created writes the record of a creation.
func (k *kind) created(db *store.Store, c Call, key string, r record, inputs map[string]any) (string, map[string]any, error) {
	note := c.change(store.Created, k.Token, key, r.ID)
	note.Name = k.madeUp(inputs)
	if err := store.Put(db, k.Token, key, r, note); err != nil {
		return "", nil, err
	}
	outputs, err := k.outputs(r)
	return r.ID, outputs, err
}

// madeUp returns the name that the provider generated for the resource; "" if
// the program names it.
func (k *kind) madeUp(inputs map[string]any) string {
	if k.Named == "" || isGiven(inputs, k.Named) {
		return ""
	}
	name, _ := inputs[k.Named].(string)
	return name
}

// adopt returns to the engine a resource that an earlier, killed engine
// created, with its id and contents. Its inputs may have changed since, as
// before an update.
//
// If a changed input replaces the resource, the create makes a new one. The
// lost one is deleted at once if the two cannot exist together, else at the
// end, as in every replacement.
func (k *kind) adopt(ctx context.Context, db *store.Store, c Call, lost store.Change, in any, inputs map[string]any) (id string, outputs map[string]any, adopted bool, err error) {
	held, err := k.get(db, lost.Key)
	if errors.Is(err, store.ErrNotFound) || err == nil && held.URN != c.URN {
		return "", nil, false, nil
	}
	if err != nil {
		return "", nil, false, err
	}
	difference, _, err := k.compareHeld(held.Inputs, in)
	if err != nil {
		return "", nil, false, err
	}
	if len(difference.Replaces) > 0 || held.Account != c.Account || held.Region != c.Region {
		if !k.deletedFirst(inputs) && k.key(c, held.ID, in) != lost.Key {
			return "", nil, false, nil
		}
		err := k.clearAway(ctx, db, c, lost.Key, held)
		if err != nil && !k.takes(c, in, lost.Key) {
			err = nil // its users must first move to the new one
		}
		return "", nil, false, err
	}
	defer k.exclusively()()
	r := held
	if r.Inputs, err = k.kept(inputs, in, held.Inputs); err != nil {
		return "", nil, false, k.failure(err)
	}
	r.Tags = k.tags(c, inputs)
	// The program sees a creation, so the role needs the actions of a creation.
	if err := k.permitted(Operation[any]{Call: c, Verb: Create, Record: r}); err != nil {
		return "", nil, false, err
	}
	if err := k.change(ctx, c, held, &r, len(difference.Diffs) > 0); err != nil {
		return "", nil, false, err
	}
	id, outputs, err = k.created(db, c, lost.Key, r, inputs)
	if k.Updated != nil && err == nil {
		k.Updated(r)
	}
	return id, outputs, true, err
}

// change updates the adopted resource if its inputs or tags differ.
func (k *kind) change(ctx context.Context, c Call, held record, r *record, differs bool) error {
	for name, value := range r.Tags {
		was, ok := held.Tags[name]
		differs = differs || !ok || was != value
	}
	if k.Update == nil || !differs && len(held.Tags) == len(r.Tags) {
		return nil
	}
	if err := k.Update(ctx, c, held, r); err != nil {
		return k.failure(err)
	}
	return nil
}

// abandon deletes a lost creation that no program declares any more.
func (k *kind) abandon(ctx context.Context, db *store.Store, c Call, lost store.Change) error {
	held, err := k.get(db, lost.Key)
	if errors.Is(err, store.ErrNotFound) && lost.Verb == store.Began {
		if held, err = k.begun(lost); err == nil && k.Delete != nil {
			err = k.Delete(ctx, c, held)
		}
	} else if err == nil && held.URN == lost.URN {
		c.Account, c.Region = held.Account, held.Region
		err = k.clearAway(ctx, db, c, lost.Key, held)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return k.failure(err)
	}
	return nil
}

func (k *kind) exclusively() (release func()) {
	if !k.Exclusive {
		return func() {}
	}
	k.writing.Lock()
	return k.writing.Unlock
}

// checkFree refuses a create if another resource has the key. A record of the
// same URN is a creation that a crash hid from the engine: the create takes it.
// It is refused if an input differs that replaces the resource, because then it
// is the old resource of a replacement.
func (k *kind) checkFree(db *store.Store, key, id, urn string, inputs map[string]any) error {
	held, err := k.get(db, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	again, problem := k.decode(inputs)
	if problem != nil {
		return problem
	}
	if held.URN != urn {
		if k.Overwrites != nil && k.Overwrites(again) {
			return nil
		}
		if held.URN == "" {
			return k.failure(fmt.Errorf("%q already exists (an AWS API call created it): delete it, or give the new resource another name", id))
		}
		return k.failure(fmt.Errorf("%q already exists (it belongs to %s): give one of the two another name", id, held.URN))
	}
	difference, _, err := k.compareHeld(held.Inputs, again)
	if err != nil {
		return err
	}
	if changed := difference.Replaces; len(changed) > 0 {
		return k.failure(fmt.Errorf("%q already exists, but its %s differs: give the new resource another name", id, strings.Join(changed, ", ")))
	}
	return nil
}
