package secretsmanager

import (
	"context"
	"errors"
	"math/rand/v2"
	"regexp"
	"sync"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Token is the type token of a secret.
const Token = "aws:secretsmanager/secret:Secret"

// Tokens of the values and deletions in the store, which are not resources.
const (
	valueToken   = "local:secretsmanager/value"
	deletedToken = "local:secretsmanager/deleted"
)

// defaultWindow is how many days the name of a deleted secret is reserved
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html).
const defaultWindow = 30

// Secret holds the inputs of a secret. A name prefix is not supported: the
// engine generates a missing name. The KMS key has no effect.
type Secret struct {
	Name                        string            `json:"name" aws:"replace"`
	Description                 string            `json:"description,omitempty" aws:"idle"`
	KMSKeyID                    string            `json:"kmsKeyId,omitempty" aws:"idle"`
	RecoveryWindowInDays        *int              `json:"recoveryWindowInDays,omitempty"`
	ForceOverwriteReplicaSecret bool              `json:"forceOverwriteReplicaSecret,omitempty" aws:"idle"`
	Tags                        map[string]string `json:"tags,omitempty"`
}

// SecretOutputs holds the outputs and defaults that AWS adds to a secret.
type SecretOutputs struct {
	ARN                         string   `json:"arn"`
	ForceOverwriteReplicaSecret bool     `json:"forceOverwriteReplicaSecret"`
	Policy                      string   `json:"policy"`
	RecoveryWindowInDays        int      `json:"recoveryWindowInDays"`
	Replicas                    []string `json:"replicas"`
}

// deletion reserves the name of a deleted secret.
type deletion struct{ Until time.Time }

// Secrets holds the declared secrets and their values. It is safe for
// concurrent use.
type Secrets struct {
	db        *store.Store
	authority *iam.Authority
	now       func() time.Time
	mu        sync.Mutex // guards the values, seeded and created

	seeded  string            // URN prefix of the secrets that get a random value on create; "" for none
	created func(name string) // is called with the name of each seeded secret
}

// New returns the secrets in db. authority authorizes the calls.
func New(db *store.Store, authority *iam.Authority) *Secrets {
	return &Secrets{db: db, authority: authority, now: time.Now}
}

// Types returns the resource types of Secrets Manager.
func (s *Secrets) Types() []provider.Kind { return []provider.Kind{resourceType(s)} }

// resourceType returns the resource type of a secret. A value is not a resource.
func resourceType(s *Secrets) *provider.Resource[Secret, SecretOutputs] {
	return &provider.Resource[Secret, SecretOutputs]{
		Token: Token, Named: "name", MaxName: 512,
		Check:    checkSecret,
		ID:       s.newARN,
		Key:      func(id string, _ Secret) string { return withoutSuffix(id) },
		Create:   s.create,
		Delete:   s.delete,
		Actions:  secretActions,
		Describe: describe,
	}
}

// suffix is the length of the random suffix that AWS adds to the name in an
// ARN. A policy for a secret therefore does not apply to a later secret of the
// same name.
const suffix = 7

// newARN returns the existing ARN of a secret that exists already, or a new
// one.
func (s *Secrets) newARN(c provider.Call, in Secret) string {
	plain := arn.New("secretsmanager", c.Region, c.Account, "secret:"+in.Name)
	if r, err := store.Get[Secret](s.db, Token, plain); err == nil {
		return r.ID
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	full := []byte(plain + "-")
	for len(full) < len(plain)+suffix {
		full = append(full, letters[rand.N(len(letters))])
	}
	return string(full)
}

// withoutSuffix returns the ARN of a secret without the random suffix.
func withoutSuffix(secretARN string) string {
	return secretARN[:max(0, len(secretARN)-suffix)]
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)

// checkSecret reports what
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
// rejects.
func checkSecret(in Secret) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && !nameForm.MatchString(in.Name) {
		problems.Add("name", "%q must be 1 to 512 letters, digits and /_+=.@-", in.Name)
	}
	problems.MaxCharacters("description", in.Description, 2048)
	problems.MaxCharacters("kmsKeyId", in.KMSKeyID, 2048)
	if d := in.RecoveryWindowInDays; d != nil && *d != 0 && (*d < 7 || *d > 30) {
		problems.Add("recoveryWindowInDays", "%d is neither 0 nor within 7 to 30 days", *d)
	}
	return problems
}

func window(in Secret) int {
	if in.RecoveryWindowInDays == nil {
		return defaultWindow
	}
	return *in.RecoveryWindowInDays
}

func describe(r store.Record[Secret]) SecretOutputs {
	return SecretOutputs{
		ARN: r.ID, Replicas: []string{},
		ForceOverwriteReplicaSecret: r.Inputs.ForceOverwriteReplicaSecret,
		RecoveryWindowInDays:        window(r.Inputs),
	}
}

// create refuses the name of a secret whose deletion is pending. A value is
// written before the secret; if a crash comes between, no one reads the value.
func (s *Secrets) create(_ context.Context, _ provider.Call, r *store.Record[Secret]) error {
	key := withoutSuffix(r.ID)
	d, err := store.Get[deletion](s.db, deletedToken, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return s.seedCreated(*r)
	case err != nil:
		return err
	case s.now().Before(d.Inputs.Until):
		return awserr.New("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion. "+
			"(%s, until %s; with recoveryWindowInDays 0 a name is free immediately)", r.Inputs.Name, d.Inputs.Until.UTC().Format(time.DateOnly))
	}
	if err := store.Delete(s.db, deletedToken, key); err != nil {
		return err
	}
	return s.seedCreated(*r)
}

// delete also deletes the value, because RestoreSecret is not supported. It
// reserves the name for the recovery window.
func (s *Secrets) delete(_ context.Context, _ provider.Call, r store.Record[Secret]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := withoutSuffix(r.ID)
	if days := window(r.Inputs); days > 0 {
		until := s.now().AddDate(0, 0, days)
		d := store.Record[deletion]{ID: r.ID, URN: r.URN, Account: r.Account, Region: r.Region, Inputs: deletion{until}}
		if err := store.Put(s.db, deletedToken, key, d); err != nil {
			return err
		}
	}
	return store.Delete(s.db, valueToken, key)
}
