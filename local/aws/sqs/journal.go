package sqs

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// journal is the file that stores the messages, with a bucket per queue. It is
// separate from the store because every write to the store makes the cloud read
// all policies again, and messages do not affect policies.
type journal struct{ db *bbolt.DB }

// change is the new state of a message, or its deletion.
type change struct {
	queue  string // key
	number uint64
	now    *message // nil if the message is deleted
}

func openJournal(path string) (*journal, error) {
	// The store's lock already keeps other processes out. After a kill, the
	// system releases the lock on this file with a short delay.
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 5 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("open the messages of the queues in %s: %w", path, err)
	}
	return &journal{db}, nil
}

func (j *journal) close() error { return j.db.Close() }

// commit writes all changes in one transaction.
func (j *journal) commit(changes ...change) error {
	if len(changes) == 0 {
		return nil
	}
	err := j.db.Update(func(tx *bbolt.Tx) error {
		for _, c := range changes {
			b, err := tx.CreateBucketIfNotExists([]byte(c.queue))
			if err != nil {
				return err
			}
			key := binary.BigEndian.AppendUint64(nil, c.number)
			if c.now == nil {
				if err := b.Delete(key); err != nil {
					return err
				}
				continue
			}
			data, err := json.Marshal(c.now)
			if err != nil {
				return err
			}
			if err := b.Put(key, data); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the messages: %w", err)
	}
	return nil
}

// drop removes all messages of a queue.
func (j *journal) drop(queue string) error {
	return j.db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket([]byte(queue)) == nil {
			return nil
		}
		return tx.DeleteBucket([]byte(queue))
	})
}

// load reads the messages of all queues, by queue key.
func (j *journal) load() (map[string][]message, error) {
	all := map[string][]message{}
	err := j.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(queue []byte, b *bbolt.Bucket) error {
			name := string(queue)
			all[name] = nil
			return b.ForEach(func(_, data []byte) error {
				var m message
				if err := json.Unmarshal(data, &m); err != nil {
					return fmt.Errorf("queue %s: %w", name, err)
				}
				all[name] = append(all[name], m)
				return nil
			})
		})
	})
	return all, err
}
