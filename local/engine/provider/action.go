package provider

import (
	"fmt"
	"maps"
	"slices"

	"skiff/local/store"
)

// Verb is what the engine asks to be done with a resource.
type Verb string

// The verbs. A create and an update end with a read, as in the real provider.
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
	Record store.Record[In] // the resource as the verb leaves it, or as it is before a delete
	Old    store.Record[In] // the resource before an update
	diffs  []string         // the inputs that an update changes
}

// Changed reports whether an update changes one of the inputs.
func (o Operation[In]) Changed(inputs ...string) bool {
	return slices.ContainsFunc(inputs, func(name string) bool { return slices.Contains(o.diffs, name) })
}

// ChangedBesides reports whether an update changes an input that is none of these.
func (o Operation[In]) ChangedBesides(inputs ...string) bool {
	return slices.ContainsFunc(o.diffs, func(name string) bool { return !slices.Contains(inputs, name) })
}

// Tags lists the actions by which the operation changes tags: tag where it
// sets some, which includes a create of a resource that has tags, untag where
// an update removes some.
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

// Action is one call of AWS, as IAM decides on it.
type Action struct {
	Name     string              // such as dynamodb:CreateTable
	Resource string              // an ARN, or * where the action knows no resource
	Context  map[string][]string // the condition keys of the service, by name
}

// Anything is the resource of an action that knows none.
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

// Permit refuses a call for which the program's role lacks the right to one of
// the actions. A program without a role, which a person of this machine runs,
// may do everything.
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

// permitted refuses an operation for which the program's role lacks a right,
// before anything of it is done. AWS refuses the one call, and may have done
// those before it.
func (k *Resource[In, Out]) permitted(o Operation[In]) error {
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
