package s3

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// object holds an object's properties. Its body is in a file.
type object struct {
	File     string // name of the file with the body
	Size     int64
	MD5      []byte
	Modified time.Time
	Headers  map[string]string // response headers: Content-Type, X-Amz-Meta-…
}

var errNoObject = errors.New("there is no such object")

// objects stores the objects of all buckets in a folder: an index, and a file
// for each body. It syncs a body before it writes the index, and removes an old
// body only after that. A kill at any moment therefore leaves each object in
// its old or its acknowledged state. It is safe for concurrent use.
type objects struct {
	dir string
	db  *bbolt.DB
}

func openObjects(dir string) (*objects, error) {
	if err := os.MkdirAll(filepath.Join(dir, "bodies"), 0o700); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(filepath.Join(dir, "index.db"), 0o600, &bbolt.Options{Timeout: 5 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("open the objects in %s: %w", dir, err)
	}
	o := &objects{dir, db}
	if err := o.sweep(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return o, nil
}

func (o *objects) path(file string) string { return filepath.Join(o.dir, "bodies", file) }

// sweep removes files that no object refers to. A kill leaves such files.
func (o *objects) sweep() error {
	files, err := os.ReadDir(filepath.Join(o.dir, "bodies"))
	if err != nil {
		return err
	}
	used := map[string]bool{}
	err = o.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(_, data []byte) error {
				var held object
				err := json.Unmarshal(data, &held)
				used[held.File] = true
				return err
			})
		})
	})
	for _, f := range files {
		if err == nil && !used[f.Name()] {
			err = os.Remove(o.path(f.Name()))
		}
	}
	return err
}

// put reads body to its end and stores it as an object, in place of the object
// under the same key. fits may refuse that: it gets the old object, or nil if
// there is none.
func (o *objects) put(bucket, key string, headers map[string]string, body io.Reader, fits func(*object) error) (object, error) {
	stored, err := o.write(body)
	if err != nil {
		return stored, err
	}
	stored.Headers = headers
	var old *object
	err = o.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte(bucket))
		if err != nil {
			return err
		}
		if old, err = decode(b.Get([]byte(key))); err != nil {
			return err
		}
		if err := fits(old); err != nil {
			return err
		}
		data, err := json.Marshal(stored)
		if err != nil {
			return err
		}
		return b.Put([]byte(key), data)
	})
	if err != nil {
		_ = os.Remove(o.path(stored.File)) // the next start sweeps it
		return stored, err                 // not wrapped: gofakes3 reads the error's code
	}
	if old != nil {
		_ = os.Remove(o.path(old.File)) // the next start sweeps it
	}
	return stored, nil
}

// write writes a body to a new file, which no object refers to yet.
func (o *objects) write(body io.Reader) (stored object, err error) {
	stored = object{File: rand.Text(), Modified: time.Now().UTC()}
	f, err := os.OpenFile(o.path(stored.File), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return stored, err
	}
	sum := md5.New()
	stored.Size, err = io.Copy(io.MultiWriter(f, sum), body)
	if err == nil {
		err = f.Sync()
	}
	stored.MD5 = sum.Sum(nil)
	closed := f.Close()
	if err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(o.path(stored.File)) // the next start sweeps it
	}
	return stored, err
}

func decode(data []byte) (*object, error) {
	if data == nil {
		return nil, nil
	}
	held := &object{}
	return held, json.Unmarshal(data, held)
}

// get returns the object under a key. The error is errNoObject if there is
// none.
func (o *objects) get(bucket, key string) (held object, err error) {
	err = o.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if b == nil {
			return errNoObject
		}
		found, err := decode(b.Get([]byte(key)))
		if err == nil && found == nil {
			return errNoObject
		}
		if err == nil {
			held = *found
		}
		return err
	})
	return held, err
}

// open opens the current body of an object. If a write replaces the object
// meanwhile, it retries with the new one.
func (o *objects) open(bucket, key string) (object, *os.File, error) {
	for {
		held, err := o.get(bucket, key)
		if err != nil {
			return held, nil, err
		}
		f, err := os.Open(o.path(held.File))
		if err == nil {
			return held, f, nil
		}
		if now, again := o.get(bucket, key); again != nil || now.File == held.File {
			return held, nil, errors.Join(err, again)
		}
	}
}

// delete removes objects. A missing object is not an error.
func (o *objects) delete(bucket string, keys ...string) error {
	var files []string
	err := o.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if b == nil {
			return nil
		}
		for _, key := range keys {
			held, err := decode(b.Get([]byte(key)))
			if err != nil {
				return err
			}
			if held != nil {
				files = append(files, held.File)
			}
			if err := b.Delete([]byte(key)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		o.remove(files)
	}
	return err
}

func (o *objects) remove(files []string) {
	for _, file := range files {
		_ = os.Remove(o.path(file)) // the next start sweeps it
	}
}

// drop removes all objects of a bucket.
func (o *objects) drop(bucket string) error {
	var files []string
	err := o.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if b == nil {
			return nil
		}
		err := b.ForEach(func(_, data []byte) error {
			held, err := decode(data)
			if err == nil {
				files = append(files, held.File)
			}
			return err
		})
		return errors.Join(err, tx.DeleteBucket([]byte(bucket)))
	})
	if err == nil {
		o.remove(files)
	}
	return err
}

// empty reports whether a bucket has no objects.
func (o *objects) empty(bucket string) (empty bool, err error) {
	err = o.db.View(func(tx *bbolt.Tx) error {
		empty = true
		if b := tx.Bucket([]byte(bucket)); b != nil {
			key, _ := b.Cursor().First()
			empty = key == nil
		}
		return nil
	})
	return empty, err
}
