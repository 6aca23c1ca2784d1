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

// Call describes one request of the engine.
type Call struct {
	URN     string
	Account string            // the provider's account id, 12 digits
	Region  string            // the provider's region
	Tags    map[string]string // the provider's default tags
	Dir     string            // the program's directory, where relative paths start
	Caller  string            // ARN of the session of the program's role; "" for a person of this machine

	// known are the engine's inputs before an update. The stored inputs may
	// differ: an AWS call may have changed the resource since.
	known map[string]any

	// Log shows one line beside the resource while the engine waits for it.
	Log func(line string)

	permit   func(caller string, a Action) error             // nil if the program has no role
	clearing []string                                        // URNs whose parts are being deleted
	clear    func(ctx context.Context, names []string) error // deletes the lost parts of a resource; may be nil
	unsaved  *Unsaved
}

// Known returns the engine's inputs before an update, or nil if the engine
// sends none. They differ from the stored inputs if an AWS call changed the
// resource since.
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

// Resource describes one resource type: what Pulumi may request, and what the
// local cloud then does.
//
// In holds the inputs and Out the outputs that AWS adds. The json tags are the
// Pulumi property names. An aws tag marks an input:
//
//   - required: the program must give it;
//   - replace: its change replaces the resource;
//   - set: the order of the list does not matter;
//   - computed: without a value from the program, AWS keeps its value;
//   - default=VALUE: the AWS provider's value if the program gives none;
//   - idle: it is checked and stored, but has no effect. The pages in docs/local
//     list these inputs.
//
// All marks but idle follow the AWS provider's schema. A type with tags also
// has the output tagsAll: the provider adds it, and Out must not declare it.
//
// Let a function return a Resource, not a method of an exported type. The
// compiler instantiates all methods of a Resource again in each package that
// imports such a type.
type Resource[In, Out any] struct {
	Token string // such as "aws:dynamodb/table:Table"

	// Named is the input that Pulumi generates if the program leaves it out,
	// with at most MaxName characters. It is "" for a type without a name.
	Named   string
	MaxName int

	// DeletedFirst means that every replacement deletes the old resource first.
	// A type with a Named input also does so whenever the program gives the
	// name.
	DeletedFirst bool

	// Volatile names the outputs that any update may change. The preview of an
	// update shows them as unknown.
	Volatile []string

	// VolatileWith names outputs that an update may change only together with
	// one of the listed inputs.
	VolatileWith map[string][]string

	// Exclusive allows one create or update at a time, so that its checks of
	// other records still hold when it writes.
	Exclusive bool
	writing   sync.Mutex

	// Same reports whether AWS treats two values as equal, such as a domain
	// name with and without the final dot. If nil, only equal values are the
	// same.
	Same func(property string, old, value any) bool

	// Overwrites reports whether a create may replace the record of another
	// resource with the same key. If nil, it may not.
	Overwrites func(in In) bool

	// Outside means that Create makes something outside the store, which can be
	// found by the id.
	Outside bool

	creating sync.Map // keys in creation, to their URNs

	// Check refuses inputs that AWS would refuse, as far as the inputs alone
	// show it. It does not see values that are still unknown.
	Check func(in In) []Problem

	// ID returns the physical id. If nil, the id is random, as in API Gateway.
	ID func(c Call, in In) string

	// Key returns the record's key where an id is unique only within another
	// resource, such as a stage within its API. If nil, the key is the id.
	Key func(id string, in In) string

	// Regional means that ids are unique only within an account and region, and
	// do not contain these. Key aliases are an example.
	Regional bool

	// Create, Update and Delete check the resources that the record refers to,
	// and have the effects. Each may be nil. Create and Update may store data
	// in the record's State. After a crash, Create may get a record that exists
	// but that the engine does not know.
	Create func(ctx context.Context, c Call, r *store.Record[In]) error
	Update func(ctx context.Context, c Call, old store.Record[In], r *store.Record[In]) error
	Delete func(ctx context.Context, c Call, r store.Record[In]) error

	// Updated is called after the record of an update is written.
	Updated func(r store.Record[In])

	// Actions lists the IAM actions that the AWS provider needs for an
	// operation. They are checked against the role's rights before the
	// operation. The comment of each names the file of terraform-provider-aws
	// that makes the calls.
	Actions func(o Operation[In]) []Action

	// Describe returns the outputs.
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

// keyOf returns the key of a resource, from its id and the inputs that the
// engine last knew. An import has no such inputs: there the id must be enough.
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

// outputs returns the result of Describe. The server adds the inputs as the
// engine sent them.
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
