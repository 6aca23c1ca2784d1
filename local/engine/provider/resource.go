package provider

import (
	"context"
	"encoding/json"

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
	in := new(In)
	if problem := decode(c.known, in); problem != nil {
		return nil, problem
	}
	return in, nil
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
// compiler instantiates the methods of a Resource again in each package that
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

// Replacement says how the type treats changed inputs.
func (t *Resource[In, Out]) Replacement() Replacement { return t.kind().Replacement() }

// kind returns the resource type without its type parameters.
func (t *Resource[In, Out]) kind() *kind {
	k := &kind{
		Resource: Resource[any, any]{
			Token: t.Token, Named: t.Named, MaxName: t.MaxName,
			DeletedFirst: t.DeletedFirst, Volatile: t.Volatile, VolatileWith: t.VolatileWith,
			Exclusive: t.Exclusive, Outside: t.Outside, Regional: t.Regional, Same: t.Same,
		},
		properties: schemaOf[In](), results: schemaOf[Out](),
		unmarshal: func(data []byte) (any, error) {
			var in In
			err := json.Unmarshal(data, &in)
			return in, err
		},
	}
	t.setChecks(k)
	t.setChanges(k)
	if t.ID != nil {
		k.ID = func(c Call, in any) string { return t.ID(c, in.(In)) }
	}
	if t.Key != nil {
		k.Key = func(id string, in any) string { return t.Key(id, in.(In)) }
	}
	if t.Describe != nil {
		k.Describe = func(r record) any { return t.Describe(typed[In](r)) }
	}
	return k
}

// setChecks sets the functions that may refuse inputs and operations.
func (t *Resource[In, Out]) setChecks(k *kind) {
	if t.Overwrites != nil {
		k.Overwrites = func(in any) bool { return t.Overwrites(in.(In)) }
	}
	if t.Check != nil {
		k.Check = func(in any) []Problem { return t.Check(in.(In)) }
	}
	if t.Actions != nil {
		k.Actions = func(o Operation[any]) []Action {
			return t.Actions(Operation[In]{o.Call, o.Verb, typed[In](o.Record), typed[In](o.Old), o.diffs})
		}
	}
}

// setChanges sets the functions that create, update and delete.
func (t *Resource[In, Out]) setChanges(k *kind) {
	if t.Create != nil {
		k.Create = func(ctx context.Context, c Call, r *record) error {
			own := typed[In](*r)
			err := t.Create(ctx, c, &own)
			*r = store.WithInputs[any](own, own.Inputs)
			return err
		}
	}
	if t.Update != nil {
		k.Update = func(ctx context.Context, c Call, old record, r *record) error {
			own := typed[In](*r)
			err := t.Update(ctx, c, typed[In](old), &own)
			*r = store.WithInputs[any](own, own.Inputs)
			return err
		}
	}
	if t.Delete != nil {
		k.Delete = func(ctx context.Context, c Call, r record) error { return t.Delete(ctx, c, typed[In](r)) }
	}
	if t.Updated != nil {
		k.Updated = func(r record) { t.Updated(typed[In](r)) }
	}
}

// typed returns a record with its inputs' own type.
func typed[In any](r record) store.Record[In] {
	in, _ := r.Inputs.(In) // nil in the old record of a creation
	return store.WithInputs(r, in)
}
