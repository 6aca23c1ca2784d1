package secretsmanager

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"skiff/local/aws/awserr"
	"skiff/local/store"
)

// maxValue is the largest value in bytes
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
const maxValue = 65536

// The staging labels, which move when a value is put. A version without a label
// is dropped; AWS deletes such versions later.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// version is one value of a secret.
type version struct {
	ID      string
	String  *string // nil for a binary value
	Binary  []byte
	Created time.Time
}

// versions holds the versions that have a label.
type versions struct{ Current, Previous *version }

// labelled returns the version with a staging label, or nil.
func (v versions) labelled(label string) *version {
	switch label {
	case current:
		return v.Current
	case previous:
		return v.Previous
	}
	return nil
}

// identified returns the version with an id, and its label.
func (v versions) identified(id string) (found *version, label string) {
	for _, label := range []string{current, previous} {
		if found := v.labelled(label); found != nil && found.ID == id {
			return found, label
		}
	}
	return nil, ""
}

// versions returns the versions of a secret, which are nil if it never had a
// value.
func (s *Secrets) versions(r store.Record[Secret]) (versions, error) {
	held, err := store.Get[versions](s.db, valueToken, withoutSuffix(r.ID))
	if errors.Is(err, store.ErrNotFound) {
		return versions{}, nil
	}
	return held.Inputs, err
}

// put makes a value the current one of a secret. If a version has the same id
// and value already, the call is a retry and changes nothing. The caller holds
// s.mu.
func (s *Secrets) put(r store.Record[Secret], v version) (label string, err error) {
	// The caller's record may be outdated: the secret may be deleted by now.
	if _, err := store.Get[Secret](s.db, Token, withoutSuffix(r.ID)); err != nil {
		return "", notFound(err)
	}
	held, err := s.versions(r)
	if err != nil {
		return "", err
	}
	if same, label := held.identified(v.ID); same != nil {
		if !same.equal(v) {
			return "", awserr.New("ResourceExistsException", "A resource with the ID you requested already exists.")
		}
		return label, nil
	}
	return current, s.write(r, versions{&v, held.Current})
}

func (v *version) equal(o version) bool {
	if (v.String == nil) != (o.String == nil) {
		return false
	}
	return bytes.Equal(v.Binary, o.Binary) && (v.String == nil || *v.String == *o.String)
}

// Seed puts a random value of 43 characters into each secret without a value
// whose URN begins with urnPrefix, and returns the sorted names. An example is
// "urn:pulumi:local::PROJECT::", for one stack of a project. Such secrets that
// are created later get a value too, and created is called with their names.
//
// This includes secrets whose value comes from a third party, because the cloud
// cannot distinguish them. A function with such a placeholder starts, and only
// the third party refuses it.
func (s *Secrets) Seed(urnPrefix string, created func(name string)) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeded, s.created = urnPrefix, created
	all, err := store.List[Secret](s.db, Token)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range all {
		if !strings.HasPrefix(r.URN, urnPrefix) {
			continue
		}
		switch put, err := s.seed(r); {
		case err != nil:
			return names, fmt.Errorf("secret %s: %w", r.Inputs.Name, err)
		case put:
			names = append(names, r.Inputs.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// seed puts a random value into a secret that has none. The caller holds s.mu.
func (s *Secrets) seed(r store.Record[Secret]) (put bool, err error) {
	held, err := s.versions(r)
	if err != nil || held.Current != nil {
		return false, err
	}
	return true, s.write(r, versions{Current: new(s.random())})
}

// seedCreated seeds a secret that is being created, if its URN has the prefix
// given to Seed.
func (s *Secrets) seedCreated(r store.Record[Secret]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seeded == "" || !strings.HasPrefix(r.URN, s.seeded) {
		return nil
	}
	put, err := s.seed(r)
	if put && err == nil {
		s.created(r.Inputs.Name)
	}
	return err
}

func (s *Secrets) write(r store.Record[Secret], v versions) error {
	record := store.Record[versions]{ID: r.ID, URN: r.URN, Account: r.Account, Region: r.Region, Created: v.Current.Created, Inputs: v}
	return store.Put(s.db, valueToken, withoutSuffix(r.ID), record)
}

func (s *Secrets) random() version {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	text := base64.RawURLEncoding.EncodeToString(b)
	return version{ID: uuid.NewString(), String: &text, Created: s.now()}
}
