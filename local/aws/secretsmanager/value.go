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

// maxValue is the size of a value, in bytes
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
const maxValue = 65536

// The staging labels, which move along when a value is put. A version without
// one is not kept: AWS deletes such versions in its own time.
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

// versions are those that have a label.
type versions struct{ Current, Previous *version }

// labelled is the version under a staging label.
func (v versions) labelled(label string) *version {
	switch label {
	case current:
		return v.Current
	case previous:
		return v.Previous
	}
	return nil
}

// identified is the version with an id, and its label.
func (v versions) identified(id string) (found *version, label string) {
	for _, label := range []string{current, previous} {
		if found := v.labelled(label); found != nil && found.ID == id {
			return found, label
		}
	}
	return nil, ""
}

// versions reads those of a secret, none where it never had a value.
func (s *Secrets) versions(r store.Record[Secret]) (versions, error) {
	held, err := store.Get[versions](s.db, valueToken, withoutSuffix(r.ID))
	if errors.Is(err, store.ErrNotFound) {
		return versions{}, nil
	}
	return held.Inputs, err
}

// put makes a value the current one of a secret. An id that a version has
// already is one call made twice, if the value is the same. The caller holds
// s.mu.
func (s *Secrets) put(r store.Record[Secret], v version) (label string, err error) {
	// Not the caller's record: the secret may have gone meanwhile.
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
// whose URN begins with a prefix, such as "urn:pulumi:local::PROJECT::" for a
// stack of a project, and returns their names in order. From then on each such
// secret that is created has one at once, and created hears its name.
//
// A secret that a third party gives the value of gets one, too: the cloud cannot
// tell the two apart, and a function with a placeholder starts, and is refused
// by the third party alone.
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

// seedCreated does so for a secret that is being created, if Seed has said so.
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
