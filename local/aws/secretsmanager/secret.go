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

// Token is the resource type of a secret.
const Token = "aws:secretsmanager/secret:Secret"

// The store keeps what is no resource under tokens of its own.
const (
	valueToken   = "local:secretsmanager/value"
	deletedToken = "local:secretsmanager/deleted"
)

// defaultWindow is how many days the name of a deleted secret stays taken
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html).
const defaultWindow = 30

// Secret is the inputs of a secret. A name prefix is left out: the engine
// makes up a name where there is none. The key is a setting without effect.
type Secret struct {
	Name                        string            `json:"name" aws:"replace"`
	Description                 string            `json:"description,omitempty" aws:"idle"`
	KMSKeyID                    string            `json:"kmsKeyId,omitempty" aws:"idle"`
	RecoveryWindowInDays        *int              `json:"recoveryWindowInDays,omitempty"`
	ForceOverwriteReplicaSecret bool              `json:"forceOverwriteReplicaSecret,omitempty" aws:"idle"`
	Tags                        map[string]string `json:"tags,omitempty"`
}

// SecretOutputs is what AWS adds to a secret, its defaults included.
type SecretOutputs struct {
	ARN                         string   `json:"arn"`
	ForceOverwriteReplicaSecret bool     `json:"forceOverwriteReplicaSecret"`
	Policy                      string   `json:"policy"`
	RecoveryWindowInDays        int      `json:"recoveryWindowInDays"`
	Replicas                    []string `json:"replicas"`
}

// deletion is what is left of a deleted secret: its name, which is taken.
type deletion struct{ Until time.Time }

// Secrets are the declared secrets and their values. They are safe for
// concurrent use.
type Secrets struct {
	db        *store.Store
	authority *iam.Authority
	now       func() time.Time
	mu        sync.Mutex // of the values and of what follows

	seeded  string            // beginning of the URNs whose secrets get a value at once; "" for none
	created func(name string) // hears of each
}

// New holds the secrets of db, whose calls authority decides.
func New(db *store.Store, authority *iam.Authority) *Secrets {
	return &Secrets{db: db, authority: authority, now: time.Now}
}

// Types are the resource types of Secrets Manager.
func (s *Secrets) Types() []provider.Kind { return []provider.Kind{s.Resources()} }

// Resources is the resource type of a secret. There is none of a value.
func (s *Secrets) Resources() *provider.Resource[Secret, SecretOutputs] {
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

// suffix is what AWS adds to the name in an ARN, so that a policy for a secret
// does not hold for the next of its name.
const suffix = 7

// newARN keeps the ARN that a secret has already, should the engine ask for it
// once more.
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

// withoutSuffix is the ARN of a secret as far as its name.
func withoutSuffix(secretARN string) string {
	return secretARN[:max(0, len(secretARN)-suffix)]
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)

// checkSecret refuses what
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html does.
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

// create refuses the name of a secret that waits for its deletion. A value is
// written before the secret is: a crash between leaves one that nobody reads.
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
			"(%s, until %s; recoveryWindowInDays 0 frees a name at once)", r.Inputs.Name, d.Inputs.Until.UTC().Format(time.DateOnly))
	}
	if err := store.Delete(s.db, deletedToken, key); err != nil {
		return err
	}
	return s.seedCreated(*r)
}

// delete takes the value along, which nothing here could restore, and keeps the
// name taken for the recovery window.
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
