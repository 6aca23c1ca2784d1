package s3

import (
	"bytes"
	"strings"

	"go.etcd.io/bbolt"
)

// listed is one entry of a listing: an object, or a common prefix of several
// keys up to the delimiter.
type listed struct {
	Key string
	*object
}

// list returns a page of a bucket's keys in order, starting after a key or a
// common prefix, and reports whether there are more
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).
func (o *objects) list(bucket, prefix, delimiter, after string, size int) (page []listed, more bool, err error) {
	err = o.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if b == nil || size == 0 {
			return nil
		}
		c := b.Cursor()
		for key, data := c.Seek([]byte(max(prefix, after))); key != nil && bytes.HasPrefix(key, []byte(prefix)); {
			entry := listed{Key: string(key)}
			if rest := entry.Key[len(prefix):]; delimiter != "" && strings.Contains(rest, delimiter) {
				end := len(prefix) + strings.Index(rest, delimiter) + len(delimiter)
				entry.Key = entry.Key[:end]
			} else if entry.object, err = decode(data); err != nil {
				return err
			}
			if entry.Key > after {
				if more = len(page) == size; more {
					return nil
				}
				page = append(page, entry)
			}
			key, data = next(c, entry)
		}
		return nil
	})
	return page, more, err
}

// next moves to the first key after an entry. After a common prefix it skips
// all keys that have the prefix.
func next(c *bbolt.Cursor, entry listed) (key, data []byte) {
	if entry.object != nil {
		return c.Next()
	}
	behind := []byte(entry.Key)
	for i := len(behind) - 1; i >= 0; i-- {
		if behind[i] < 0xff {
			behind[i]++
			return c.Seek(behind[:i+1])
		}
	}
	return nil, nil
}
