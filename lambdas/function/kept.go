package function

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	keepTime  = 5 * time.Minute  // how long a value is used before it is read again
	retryTime = 30 * time.Second // from a read that failed to the next, while there is a value
	staleTime = time.Hour        // how long a value is used that cannot be read again
)

// Kept keeps a text that an operator may change, such as a secret's value, for
// five minutes: only the first request waits for it to be read, and a new value
// is in use soon.
type Kept struct {
	// Now is the clock.
	Now func() time.Time

	read func(context.Context) (string, error)

	mutex    sync.Mutex
	has      bool
	value    string
	readAt   time.Time
	nextRead time.Time
}

// Keep returns a Kept that reads by this function. An *Unusable is the answer
// that there is no value; every other error says that it cannot be read now.
func Keep(read func(context.Context) (string, error)) *Kept {
	return &Kept{Now: time.Now, read: read}
}

// Value returns the text. It fails as reading it does; a text that only cannot
// be read again is used for up to an hour.
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
		k.has, k.value = false, "" // taken away on purpose, perhaps
		return "", err
	case !k.has || now.Sub(k.readAt) >= staleTime:
		return "", err
	default:
		k.nextRead = now.Add(retryTime)
	}
	return k.value, nil
}

// Unusable is the error of a secret or a parameter that an operator has to set.
// It holds no value and no account's id.
type Unusable struct {
	Name   string // such as "secret staging-tokens"
	Reason string // such as "has no value"
	Remedy string // such as "put one: go run ./infra/key staging-tokens"
}

func (u *Unusable) Error() string { return fmt.Sprintf("%s %s; %s", u.Name, u.Reason, u.Remedy) }
