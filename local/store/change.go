package store

import (
	"encoding/json"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// Verb is what an engine did to a record.
type Verb string

// The verbs. Began is a create that has no record yet, but may have left
// something outside of the store.
const (
	Began   Verb = "began"
	Created Verb = "created"
	Updated Verb = "updated"
	Deleted Verb = "deleted"
)

// Change records what an engine did to a record since it saved its state. It is
// written in the same transaction as the record. If an engine is killed before
// it saves, there is a change for exactly the records for which its state is
// outdated.
type Change struct {
	Stack      string    // beginning of the URN: project and stack
	Run        string    // of the engine
	Verb       Verb      // the last one
	Known      bool      // an earlier state of the engine may know the record
	Token, Key string    // of the record
	ID, URN    string    // of the resource
	Name       string    // generated name of the resource; "" if the program sets the name
	At         time.Time // in the order of the store's writes

	Record json.RawMessage // for a create that began: the record to be
}

// changes is the bucket that has a bucket for each stack.
const changes = "changes of engines"

// note writes a change. It replaces an earlier change of the same record.
func (c Change) note(tx *bbolt.Tx) error {
	if c.Stack == "" {
		return nil // not made by an engine
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

// Note writes a change without a record.
func Note(s *Store, c Change) error { return s.db.Update(c.note) }

// Changes returns the changes of a stack in order, except the forgotten ones.
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

// Forget removes changes of a stack that the engine's state contains now. It
// keeps a newer change of the same record.
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
