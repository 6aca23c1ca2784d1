// Package store stores the records of the local cloud: one per resource, in a
// single file that survives a kill at any moment.
//
// A record is written before the engine gets the result. So every resource in
// the engine's state has a record. After a crash there may be records that the
// state does not know, as on AWS.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// ErrInUse is returned by Open while another process has the store open.
var ErrInUse = errors.New("the state is in use by another process")

// ErrNotFound means that the store has no such record.
var ErrNotFound = errors.New("not found")

// Record is one resource of type In, as its last create or update left it.
type Record[In any] struct {
	ID      string            // the physical id
	URN     string            // the engine's name for it: stack, project and logical name
	Account string            // the account it belongs to, 12 digits
	Region  string            // the region it is in
	Tags    map[string]string // its own and the provider's; nil for a type without tags
	Created time.Time
	Inputs  In                // the checked inputs
	State   map[string]string // results of the last run that the inputs do not contain
}

// WithInputs returns the record with other inputs.
func WithInputs[To, From any](r Record[From], in To) Record[To] {
	return Record[To]{r.ID, r.URN, r.Account, r.Region, r.Tags, r.Created, in, r.State}
}

// Store is an open store. It is safe for concurrent use.
type Store struct {
	db *bbolt.DB

	mu          sync.Mutex
	generations map[string]uint64 // writes by type token
	decoded     map[string]any    // type token to decoded[In]; dropped at each write of the type
}

// decoded holds the records of one type, by key.
type decoded[In any] struct {
	all []Record[In]
	at  map[string]int // key to index in all
}

// Open opens the store in dir and creates both if missing. It waits up to wait
// for another process to close the store, then returns ErrInUse.
func Open(dir string, wait time.Duration) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	// For bbolt, a zero timeout means no limit.
	db, err := bbolt.Open(filepath.Join(dir, "cloud.db"), 0o600, &bbolt.Options{Timeout: max(wait, time.Millisecond)})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("open the local cloud's store in %s: %w", dir, err)
	}
	return &Store{db: db, generations: map[string]uint64{}, decoded: map[string]any{}}, nil
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// Generation returns a number that grows with every write of a record of the
// types, or of any type if none is given. Data derived from the records is
// valid as long as the number does not change.
func (s *Store) Generation(tokens ...string) (sum uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(tokens) == 0 {
		for _, n := range s.generations {
			sum += n
		}
	}
	for _, token := range tokens {
		sum += s.generations[token]
	}
	return sum
}

func (s *Store) write(token string, fn func(*bbolt.Tx) error) error {
	if err := s.db.Update(fn); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generations[token]++
	delete(s.decoded, token)
	return nil
}

// Put writes a record of the type token, in place of one with the same key. It
// writes the changes in notes in the same transaction.
func Put[In any](s *Store, token, key string, r Record[In], notes ...Change) error {
	return s.put(token, key, r, notes)
}

func (s *Store) put(token, key string, r any, notes []Change) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.write(token, func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte(token))
		if err != nil {
			return err
		}
		return errors.Join(b.Put([]byte(key), data), noteAll(tx, notes))
	})
}

// Delete removes a record, and writes the changes in notes in the same
// transaction. A missing record is not an error.
func Delete(s *Store, token, key string, notes ...Change) error {
	return s.write(token, func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(token))
		if b == nil {
			return noteAll(tx, notes)
		}
		return errors.Join(b.Delete([]byte(key)), noteAll(tx, notes))
	})
}

func noteAll(tx *bbolt.Tx, notes []Change) error {
	for _, c := range notes {
		if err := c.note(tx); err != nil {
			return err
		}
	}
	return nil
}

// Get returns one record, or ErrNotFound.
func Get[In any](s *Store, token, key string) (Record[In], error) {
	var r Record[In]
	err := s.get(token, key, &r)
	return r, err
}

func (s *Store) get(token, key string, r any) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(token))
		if b == nil {
			return ErrNotFound
		}
		data := b.Get([]byte(key))
		if data == nil {
			return ErrNotFound
		}
		return json.Unmarshal(data, r)
	})
}

// Peek is Get without decoding the record each time. What the record points to
// is shared: do not change it.
func Peek[In any](s *Store, token, key string) (Record[In], error) {
	held, err := read[In](s, token)
	if err != nil {
		return Record[In]{}, err
	}
	i, found := held.at[key]
	if !found {
		return Record[In]{}, ErrNotFound
	}
	return held.all[i], nil
}

// Has reports whether there is a record.
func Has(s *Store, token, key string) (there bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(token))
		there = b != nil && b.Get([]byte(key)) != nil
		return nil
	})
	return there, err
}

// List returns all records of a type, sorted by key. The slice is shared: do
// not change it.
func List[In any](s *Store, token string) ([]Record[In], error) {
	held, err := read[In](s, token)
	return held.all, err
}

// read returns the records of a type, decoded once after each write of the
// type.
func read[In any](s *Store, token string) (decoded[In], error) {
	s.mu.Lock()
	generation := s.generations[token]
	held, ok := s.decoded[token].(decoded[In])
	s.mu.Unlock()
	if ok {
		return held, nil
	}
	held = decoded[In]{[]Record[In]{}, map[string]int{}}
	err := s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(token))
		if b == nil {
			return nil
		}
		return b.ForEach(func(key, data []byte) error {
			var r Record[In]
			if err := json.Unmarshal(data, &r); err != nil {
				return err
			}
			held.at[string(key)] = len(held.all)
			held.all = append(held.all, r)
			return nil
		})
	})
	if err != nil {
		return decoded[In]{}, fmt.Errorf("read the %s records: %w", token, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generations[token] == generation {
		s.decoded[token] = held
	}
	return held, nil
}

// Count returns the number of records of each type.
func (s *Store) Count() (map[string]int, error) {
	counts := map[string]int{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if n := b.Stats().KeyN; n > 0 && string(name) != changes {
				counts[string(name)] = n
			}
			return nil
		})
	})
	return counts, err
}
