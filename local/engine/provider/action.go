package provider

import (
	"fmt"
	"maps"
	"slices"

	"skiff/local/store"
)

// Verb is an operation that the engine requests for a resource.
type Verb string

// The verbs. A create and an update end with a read, as in the AWS provider.
const (
	Create Verb = "create"
	Read   Verb = "read"
	Update Verb = "update"
	Delete Verb = "delete"
)

// Operation is one verb on one resource.
type Operation[In any] struct {
	Call
	Verb   Verb
	Record store.Record[In] // after the verb; for a delete, before it
	Old    store.Record[In] // the resource before an update
	diffs  []string         // the inputs that an update changes
}

// Changed reports whether an update changes one of the inputs.
func (o Operation[In]) Changed(inputs ...string) bool {
	return slices.ContainsFunc(inputs, func(name string) bool { return slices.Contains(o.diffs, name) })
}

// ChangedBesides reports whether an update changes an input other than these.
func (o Operation[In]) ChangedBesides(inputs ...string) bool {
	return slices.ContainsFunc(o.diffs, func(name string) bool { return !slices.Contains(inputs, name) })
}

// Tags lists the actions that the operation needs to change tags. It needs tag
// to set tags, also at creation, and untag to remove them in an update.
func (o Operation[In]) Tags(resource, tag, untag string) []Action {
	var actions []Action
	sets := o.Verb == Create && len(o.Record.Tags) > 0
	if o.Verb == Update {
		for name, value := range o.Record.Tags {
			old, had := o.Old.Tags[name]
			sets = sets || !had || old != value
		}
		for name := range o.Old.Tags {
			if _, kept := o.Record.Tags[name]; !kept {
				actions = On(resource, untag)
			}
		}
	}
	if sets {
		actions = append(actions, On(resource, tag)...)
	}
	return actions
}

// Action is one AWS API call that IAM allows or denies.
type Action struct {
	Name     string              // such as dynamodb:CreateTable
	Resource string              // an ARN, or * if the action has no resource
	Context  map[string][]string // the condition keys of the service, by name
}

// Anything is the resource of an action that has none.
const Anything = "*"

// On lists actions on one resource.
func On(resource string, names ...string) []Action {
	var actions []Action
	for _, name := range names {
		actions = append(actions, Action{Name: name, Resource: resource})
	}
	return actions
}

// When adds a condition key to each of the actions.
func When(actions []Action, key string, values ...string) []Action {
	var all []Action
	for _, a := range actions {
		context := map[string][]string{key: values}
		maps.Copy(context, a.Context)
		all = append(all, Action{a.Name, a.Resource, context})
	}
	return all
}

// Permit returns an error if the program's role may not do one of the actions.
// A program without a role is run by a person of this machine and may do
// everything.
func (c Call) Permit(actions ...Action) error {
	if c.permit == nil {
		return nil
	}
	for _, a := range actions {
		context := map[string][]string{"aws:RequestedRegion": {c.Region}}
		maps.Copy(context, a.Context)
		if err := c.permit(c.Caller, Action{a.Name, a.Resource, context}); err != nil {
			return err
		}
	}
	return nil
}

// permitted returns an error, before the operation starts, if the program's
// role lacks a right. AWS denies single calls: earlier calls of the same
// operation may have succeeded.
func (k *kind) permitted(o Operation[any]) error {
	if o.permit == nil {
		return nil
	}
	if k.Actions == nil {
		return k.failure(fmt.Errorf("the local cloud does not know which actions of IAM a role needs to %s it", o.Verb))
	}
	if o.Verb == Update {
		difference, _, err := k.compareHeld(o.Old.Inputs, o.Record.Inputs)
		if err != nil {
			return err
		}
		o.diffs = difference.Diffs
	}
	actions := k.Actions(o)
	if o.Verb == Create || o.Verb == Update {
		o.Verb = Read
		actions = append(actions, k.Actions(o)...)
	}
	if err := o.Permit(actions...); err != nil {
		return k.failure(err)
	}
	return nil
}
