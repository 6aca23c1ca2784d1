package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"

	"skiff/local/store"
)

// Call is what the engine says about one request.
type Call struct {
	URN     string
	Account string            // the provider's account id, 12 digits
	Region  string            // the provider's region
	Tags    map[string]string // the provider's default tags
	Dir     string            // the program's directory, where relative paths start
	Caller  string            // ARN of the session whose role the program runs with; "" for a person of this machine

	// known are the inputs before an update as the engine knows them: what is
	// held may differ, by a call since then.
	known map[string]any

	// Log shows one line beside the resource while the engine waits for it.
	Log func(line string)

	permit   func(caller string, a Action) error             // nil: the program has no role
	clearing []string                                        // URNs that wait for a part of theirs to go
	clear    func(ctx context.Context, names []string) error // deletes the lost parts of a resource; may be nil
	unsaved  *Unsaved
}

// Known is the inputs before an update as the engine knows them, which differ
// from those that are held where a call of AWS has changed a resource since; nil
// where it does not say.
func Known[In any](c Call) (*In, error) {
	if c.known == nil {
		return nil, nil
	}
	in, problem := decode[In](c.known)
	if problem != nil {
		return nil, problem
	}
	return &in, nil
}

// Resource describes one resource type: what Pulumi may ask of it and what
// the local cloud does then.
//
// In holds the inputs and Out the outputs that AWS adds, both by their Pulumi
// property names in json tags. An aws tag marks an input as required or as
// one whose change replaces the resource: `aws:"required,replace"`. Where the
// AWS provider's schema says so, the tag also marks a list as a set, and an
// input that a program leaves out as computed or as of a default=VALUE. The mark
// idle is for an input that is kept and checked, and on which nothing acts: the
// pages in docs/local list it as such. A type whose inputs have tags also has the
// output tagsAll, which is not for Out to tell.
type Resource[In, Out any] struct {
	Token string // such as "aws:dynamodb/table:Table"

	// Named is the input that Pulumi makes up when the program leaves it out,
	// at most MaxName characters; "" for a type without one.
	Named   string
	MaxName int

	// DeletedFirst is a type whose old resource always goes before the new one
	// comes. Of a Named one it does where the program gives the name.
	DeletedFirst bool

	// Volatile names the outputs that any update may change: a preview of one
	// does not know them.
	Volatile []string

	// VolatileWith names outputs that an update may change only where it changes
	// one of the inputs beside them.
	VolatileWith map[string][]string

	// Exclusive lets one create or update run at a time, so that what it checks
	// of the other records of the type still holds when its own is written.
	Exclusive bool
	writing   sync.Mutex

	// Same tells whether two values of a property are one to AWS, such as a
	// domain name with and without the dot at its end; nil if only equal ones are.
	Same func(property string, old, value any) bool

	// Overwrites tells whether a create may take the place of a record that
	// another resource has under the same key; nil if none may.
	Overwrites func(in In) bool

	// Outside is a type whose Create makes something outside of the store that
	// is found by the id.
	Outside bool

	creating sync.Map // keys that are being created, to their URNs

	// Check refuses what AWS would refuse by the inputs alone. A value that is
	// not known yet is absent.
	Check func(in In) []Problem

	// ID is the physical id; nil makes a random one, as API Gateway does.
	ID func(c Call, in In) string

	// Key tells records apart whose ids AWS keeps unique only within something
	// else, such as the stages of an API; nil where the id is enough.
	Key func(id string, in In) string

	// Regional is a type whose ids AWS keeps unique in one account and region
	// only, and does not tell these by: aliases of keys, say.
	Regional bool

	// Create, Update and Delete do what the record alone does not: check what
	// it refers to, and act. Each may be nil. Create and Update may leave
	// something in the record's State. Create is called again for a record
	// that a crash kept from the engine.
	Create func(ctx context.Context, c Call, r *store.Record[In]) error
	Update func(ctx context.Context, c Call, old store.Record[In], r *store.Record[In]) error
	Delete func(ctx context.Context, c Call, r store.Record[In]) error

	// Updated is called once the record of an update is written.
	Updated func(r store.Record[In])

	// Actions lists the actions of IAM that the real provider needs for an
	// operation, so that a role's rights can be judged before it. Its comment
	// names the file of terraform-provider-aws that calls them.
	Actions func(o Operation[In]) []Action

	// Describe tells the outputs.
	Describe func(r store.Record[In]) Out
}

func (k *Resource[In, Out]) update(ctx context.Context, db *store.Store, c Call, id string, inputs map[string]any) (map[string]any, error) {
	in, problem := decode[In](inputs)
	if problem != nil {
		return nil, problem
	}
	defer k.exclusively()()
	old, err := store.Get[In](db, k.Token, k.key(c, id, in))
	if errors.Is(err, store.ErrNotFound) {
		return nil, k.failure(fmt.Errorf("%q is %w in the local cloud: `pulumi refresh --stack %s` brings the state up to date", id, err, StackOf(c.URN)))
	}
	if err != nil {
		return nil, k.failure(err)
	}
	if in, err = k.kept(inputs, in, old.Inputs); err != nil {
		return nil, k.failure(err)
	}
	r := old
	r.Inputs, r.URN, r.Tags, r.State = in, c.URN, k.tags(c, inputs), maps.Clone(old.State)
	if err := k.permitted(Operation[In]{Call: c, Verb: Update, Record: r, Old: old}); err != nil {
		return nil, err
	}
	if k.Update != nil {
		if err := k.Update(ctx, c, old, &r); err != nil {
			return nil, k.failure(err)
		}
	}
	key := k.key(c, id, in)
	if err := store.Put(db, k.Token, key, r, c.change(store.Updated, k.Token, key, id)); err != nil {
		return nil, err
	}
	if k.Updated != nil {
		k.Updated(r)
	}
	return k.outputs(r)
}

func (k *Resource[In, Out]) delete(ctx context.Context, db *store.Store, c Call, id string, inputs map[string]any) error {
	key, err := k.keyOf(c, id, inputs)
	if err != nil {
		return err
	}
	r, err := store.Get[In](db, k.Token, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return k.remove(ctx, db, c, key, r)
}

func (k *Resource[In, Out]) remove(ctx context.Context, db *store.Store, c Call, key string, r store.Record[In]) error {
	if err := k.permitted(Operation[In]{Call: c, Verb: Delete, Record: r}); err != nil {
		return err
	}
	if k.Delete != nil {
		if err := k.Delete(ctx, c, r); err != nil {
			return k.failure(err)
		}
	}
	return store.Delete(db, k.Token, key, c.change(store.Deleted, k.Token, key, r.ID))
}

func (k *Resource[In, Out]) read(db *store.Store, c Call, id string, properties, inputs map[string]any) (in, outputs map[string]any, err error) {
	key, err := k.keyOf(c, id, properties)
	if err != nil {
		return nil, nil, err
	}
	r, err := store.Get[In](db, k.Token, key)
	if err != nil {
		return nil, nil, err
	}
	if err := k.permitted(Operation[In]{Call: c, Verb: Read, Record: r}); err != nil {
		return nil, nil, err
	}
	if in, err = k.drifted(inputs, r.Inputs); err != nil {
		return nil, nil, err
	}
	outputs, err = k.outputs(r)
	return in, outputs, err
}

func (k *Resource[In, Out]) key(c Call, id string, in In) string {
	if k.Key != nil {
		id = k.Key(id, in)
	}
	return k.placed(c, id)
}

func (k *Resource[In, Out]) placed(c Call, key string) string {
	if k.Regional {
		return c.Account + "/" + c.Region + "/" + key
	}
	return key
}

// keyOf is the key of a resource that the engine names by id and by what it
// last knew of it. Without that, as in an import, the id is all there is.
func (k *Resource[In, Out]) keyOf(c Call, id string, inputs map[string]any) (string, error) {
	if k.Key == nil || len(inputs) == 0 {
		return k.placed(c, id), nil
	}
	in, problem := decode[In](inputs)
	if problem != nil {
		return "", problem
	}
	return k.key(c, id, in), nil
}

// outputs are what Describe tells; the inputs are added by the server, which
// has them as the engine sent them.
func (k *Resource[In, Out]) outputs(r store.Record[In]) (map[string]any, error) {
	outputs := map[string]any{}
	if k.Describe != nil {
		var err error
		if outputs, err = toMap(k.Describe(r)); err != nil {
			return nil, err
		}
	}
	if k.taggable() {
		outputs[tagsAllKey] = anyMap(r.Tags)
	}
	return outputs, nil
}

func toMap(v any) (map[string]any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	return m, json.Unmarshal(data, &m)
}
