package provider

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"skiff/local/store"
)

// Kind is a resource type with any inputs and outputs: a *Resource.
type Kind interface {
	Type() Type
	Replacement() Replacement

	token() string
	named() (property string, maxLength int)
	properties() *schema
	results() *schema
	taggable() bool
	judged() bool
	check(known map[string]any) []Problem
	same(property string, old, value any) bool
	deletedFirst(news map[string]any) bool
	computed() []string
	volatile(olds, news map[string]any) []string
	create(ctx context.Context, db *store.Store, c Call, inputs map[string]any) (id string, outputs map[string]any, err error)
	update(ctx context.Context, db *store.Store, c Call, id string, inputs map[string]any) (outputs map[string]any, err error)
	delete(ctx context.Context, db *store.Store, c Call, id string, inputs map[string]any) error
	abandon(ctx context.Context, db *store.Store, c Call, lost store.Change) error
	read(db *store.Store, c Call, id string, properties, inputs map[string]any) (in, outputs map[string]any, err error)
}

func (k *Resource[In, Out]) token() string           { return k.Token }
func (k *Resource[In, Out]) named() (string, int)    { return k.Named, k.MaxName }
func (k *Resource[In, Out]) properties() *schema     { return schemaOf[In]() }
func (k *Resource[In, Out]) results() *schema        { return schemaOf[Out]() }
func (k *Resource[In, Out]) computed() []string      { return schemaOf[Out]().names() }
func (k *Resource[In, Out]) failure(err error) error { return fmt.Errorf("%s: %w", k.Token, err) }

// volatile returns the outputs that an update may change. olds are the
// properties before the update, news the inputs after it.
func (k *Resource[In, Out]) volatile(olds, news map[string]any) []string {
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

func (k *Resource[In, Out]) judged() bool { return k.Actions != nil }

func (k *Resource[In, Out]) same(property string, old, value any) bool {
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
func (k *Resource[In, Out]) Replacement() Replacement {
	s := k.properties()
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

func (k *Resource[In, Out]) taggable() bool {
	_, ok := k.properties().fields[tagsKey]
	return ok
}

// tags returns the tags of a record, or nil if the type has no tags.
func (k *Resource[In, Out]) tags(c Call, inputs map[string]any) map[string]string {
	if !k.taggable() {
		return nil
	}
	return tagsAll(c.Tags, inputs)
}

func (k *Resource[In, Out]) check(known map[string]any) []Problem {
	in, problem := decode[In](known)
	if problem != nil {
		return []Problem{*problem}
	}
	if k.Check == nil {
		return nil
	}
	return k.Check(in)
}
