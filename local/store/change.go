package store

import (
	"encoding/json"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// Verb is what an engine has done to a record.
type Verb string

// The verbs. Began is a create that may have left something outside of the
// store, and has no record yet.
const (
	Began   Verb = "began"
	Created Verb = "created"
	Updated Verb = "updated"
	Deleted Verb = "deleted"
)

// Change notes what an engine has done to a record since it saved its state. A
// change is written in the transaction of the record itself: an engine that is
// killed before it saves leaves a note of every record of which its state is out
// of date, and of no other.
type Change struct {
	Stack      string    // the begin of the URN: project and stack
	Run        string    // of the engine
	Verb       Verb      // the last one
	Known      bool      // an earlier state of the engine may know the record
	Token, Key string    // of the record
	ID, URN    string    // of the resource
	Name       string    // that was made up for the resource; "" for a name that the program gives
	At         time.Time // in the order of the store's writes

	Record json.RawMessage // what is to be, of a create that began
}

// changes is the bucket that holds a bucket for each stack.
const changes = "changes of engines"

// note writes a change in place of an earlier one of the same record.
func (c Change) note(tx *bbolt.Tx) error {
	if c.Stack == "" {
		return nil // of no engine
	}
	all, err := tx.CreateBucketIfNotExists([]byte(changes))
	if err != nil {
		return err
	}
	b, err := all.CreateBucketIfNotExists([]byte(c.Stack))
	if err != nil {
		return err
	}
	c.At, c.Known = time.Now(), c.Verb == Updated || c.Verb == Deleted
	if data := b.Get(c.place()); data != nil {
		var earlier Change
		if err := json.Unmarshal(data, &earlier); err != nil {
			return err
		}
		c.Known = c.Known || earlier.Known
	}
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return b.Put(c.place(), data)
}

func (c Change) place() []byte { return []byte(c.Token + "\x00" + c.Key) }

// Note writes a change of no record.
func Note(s *Store, c Change) error { return s.db.Update(c.note) }

// Changes lists the changes of a stack that are not forgotten, in their order.
func Changes(s *Store, stack string) ([]Change, error) {
	var all []Change
	err := s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(changes))
		if b != nil {
			b = b.Bucket([]byte(stack))
		}
		if b == nil {
			return nil
		}
		return b.ForEach(func(_, data []byte) error {
			var c Change
			if err := json.Unmarshal(data, &c); err != nil {
				return err
			}
			all = append(all, c)
			return nil
		})
	})
	slices.SortStableFunc(all, func(a, b Change) int { return a.At.Compare(b.At) })
	return all, err
}

// Forget forgets changes of a stack, which the engine's state has now. One that
// another has taken the place of since stays.
func Forget(s *Store, stack string, all []Change) error {
	if len(all) == 0 {
		return nil
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(changes))
		if b != nil {
			b = b.Bucket([]byte(stack))
		}
		if b == nil {
			return nil
		}
		for _, c := range all {
			var last Change
			if data := b.Get(c.place()); data == nil || json.Unmarshal(data, &last) != nil || !last.At.Equal(c.At) {
				continue
			}
			if err := b.Delete(c.place()); err != nil {
				return err
			}
		}
		return nil
	})
}
