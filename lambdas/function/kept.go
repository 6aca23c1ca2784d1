package function

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	keepTime  = 5 * time.Minute  // from a successful read to the next read
	retryTime = 30 * time.Second // from a failed read to the next read, while there is a value
	staleTime = time.Hour        // after a successful read, the longest use of the value
)

// Kept caches a text that an operator may change, such as a secret's value, for
// five minutes. Only the first request waits for the read, and a new value is
// in use after at most five minutes.
type Kept struct {
	Now func() time.Time

	read func(context.Context) (string, error)

	mutex    sync.Mutex
	has      bool
	value    string
	readAt   time.Time
	nextRead time.Time
}

// Keep returns a Kept that reads with read. read returns an *Unusable when
// there is no value, and any other error when the value cannot be read now.
func Keep(read func(context.Context) (string, error)) *Kept {
	return &Kept{Now: time.Now, read: read}
}

// Value returns the text. It fails with the error of read. If read fails with
// another error than *Unusable, Value returns a text that was read within the
// last hour.
func (k *Kept) Value(ctx context.Context) (string, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	now := k.Now()
	if k.has && now.Before(k.nextRead) {
		return k.value, nil
	}
	value, err := k.read(ctx)
	var unusable *Unusable
	switch {
	case err == nil:
		k.has, k.value, k.readAt, k.nextRead = true, value, now, now.Add(keepTime)
	case errors.As(err, &unusable):
		k.has, k.value = false, "" // an operator may have removed the value on purpose
		return "", err
	case !k.has || now.Sub(k.readAt) >= staleTime:
		return "", err
	default:
		k.nextRead = now.Add(retryTime)
	}
	return k.value, nil
}

// Unusable is the error for a secret or a parameter whose value an operator
// must set. It holds no value and no account id.
type Unusable struct {
	Name   string // such as "secret staging-tokens"
	Reason string // such as "has no value"
	Remedy string // such as "put one: go run ./infra/key staging-tokens"
}

func (u *Unusable) Error() string { return fmt.Sprintf("%s %s; %s", u.Name, u.Reason, u.Remedy) }
