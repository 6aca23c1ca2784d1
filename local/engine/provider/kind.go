package provider

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"skiff/local/store"
)

// Kind is a resource type with any inputs and outputs: a *Resource.
type Kind interface {
	Replacement() Replacement
	kind() *kind
}

// record is the record of a resource of any type.
type record = store.Record[any]

// kind is a Resource without its type parameters, as a provider uses it. The
// compiler compiles the methods of a generic type for each type again, so a
// Resource has few.
type kind struct {
	Resource[any, any]
	properties, results *schema
	unmarshal           func(data []byte) (in any, err error)

	writing  sync.Mutex // during an exclusive create or update
	creating sync.Map   // keys in creation, to their URNs
}

// kind returns k: the kind of an embedded Resource has no properties.
func (k *kind) kind() *kind { return k }

func (k *kind) failure(err error) error { return fmt.Errorf("%s: %w", k.Token, err) }

// decode decodes inputs into the type's Go struct.
func (k *kind) decode(inputs map[string]any) (in any, problem *Problem) {
	data, err := json.Marshal(inputs)
	if err == nil {
		in, err = k.unmarshal(data)
	}
	return in, decodeProblem(err)
}

// get returns a stored resource, or store.ErrNotFound.
func (k *kind) get(db *store.Store, key string) (record, error) {
	raw, err := store.Get[json.RawMessage](db, k.Token, key)
	if err != nil {
		return record{}, err
	}
	return k.decoded(raw)
}

// begun returns the record in the note of a creation.
func (k *kind) begun(note store.Change) (record, error) {
	var raw store.Record[json.RawMessage]
	if err := json.Unmarshal(note.Record, &raw); err != nil {
		return record{}, err
	}
	return k.decoded(raw)
}

// decoded decodes the inputs of a record.
func (k *kind) decoded(raw store.Record[json.RawMessage]) (record, error) {
	in, err := k.unmarshal(raw.Inputs)
	return store.WithInputs(raw, in), err
}

func (k *kind) key(c Call, id string, in any) string {
	if k.Key != nil {
		id = k.Key(id, in)
	}
	return k.placed(c, id)
}

func (k *kind) placed(c Call, key string) string {
	if k.Regional {
		return c.Account + "/" + c.Region + "/" + key
	}
	return key
}

// keyOf returns the key of a resource, from its id and the inputs that the
// engine last knew. An import has no such inputs: there the id must be enough.
func (k *kind) keyOf(c Call, id string, inputs map[string]any) (string, error) {
	if k.Key == nil || len(inputs) == 0 {
		return k.placed(c, id), nil
	}
	in, problem := k.decode(inputs)
	if problem != nil {
		return "", problem
	}
	return k.key(c, id, in), nil
}

// outputs returns the result of Describe. The server adds the inputs as the
// engine sent them.
func (k *kind) outputs(r record) (map[string]any, error) {
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

// volatile returns the outputs that an update may change. olds are the
// properties before the update, news the inputs after it.
func (k *kind) volatile(olds, news map[string]any) []string {
	names := slices.Clone(k.Volatile)
	for name, inputs := range k.VolatileWith {
		changes := func(input string) bool { return !reflect.DeepEqual(nonZero(olds[input]), nonZero(news[input])) }
		if slices.ContainsFunc(inputs, changes) {
			names = append(names, name)
		}
	}
	return names
}

// nonZero returns nil for "" and false, which equal an absent value.
func nonZero(v any) any {
	if v == "" || v == false {
		return nil
	}
	return v
}

func (k *kind) judged() bool { return k.Actions != nil }

func (k *kind) same(property string, old, value any) bool {
	return k.Same != nil && k.Same(property, old, value)
}

// Replacement describes how a type treats changed inputs.
type Replacement struct {
	Token string

	// Replaces are the inputs whose change replaces the resource; Updates are
	// the other inputs. Both are sorted. Each has the marks of its tag that
	// affect the comparison, such as "path,default=/".
	Replaces, Updates []string

	// DeletedFirst says when a replacement deletes the old resource first. It
	// is "always", the name of the input that causes it, or "" for never.
	DeletedFirst string
}

// Replacement returns what the aws tags of the inputs say.
func (k *kind) Replacement() Replacement {
	s := k.properties
	r := Replacement{Token: k.Token, DeletedFirst: k.Named}
	if k.DeletedFirst {
		r.DeletedFirst = "always"
	}
	for _, name := range s.names() {
		marked := name
		if s.sets[name] {
			marked += ",set"
		}
		if s.computed[name] {
			marked += ",computed"
		}
		if value, ok := s.defaults[name]; ok {
			marked += fmt.Sprint(",default=", value)
		}
		if s.replaces[name] {
			r.Replaces = append(r.Replaces, marked)
		} else {
			r.Updates = append(r.Updates, marked)
		}
	}
	return r
}

func (k *kind) taggable() bool {
	_, ok := k.properties.fields[tagsKey]
	return ok
}

// tags returns the tags of a record, or nil if the type has no tags.
func (k *kind) tags(c Call, inputs map[string]any) map[string]string {
	if !k.taggable() {
		return nil
	}
	return tagsAll(c.Tags, inputs)
}

func (k *kind) check(known map[string]any) []Problem {
	in, problem := k.decode(known)
	if problem != nil {
		return []Problem{*problem}
	}
	if k.Check == nil {
		return nil
	}
	return k.Check(in)
}
