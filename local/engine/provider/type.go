package provider

import (
	"maps"
	"slices"
)

// Type describes a resource type for documentation: its inputs, and the outputs
// that AWS adds.
type Type struct {
	Token string

	// Judged reports whether the IAM actions of the type are known. Only then
	// can a role use it.
	Judged bool

	Inputs, Outputs []Property // sorted by name
}

// Property is an input or an output of a resource type, or a member of an object
// within one.
type Property struct {
	Name     string
	Required bool
	Replaces bool // a change replaces the resource
	Set      bool // a list whose order does not matter
	Idle     bool // checked and stored: it changes no answer, right or other resource
	Computed bool // AWS keeps its value if the program gives none
	Default  any  // the AWS provider's value if the program gives none; nil for none

	// Members are the properties of an object, or of the objects in a list or
	// map. They are nil for other values.
	Members []Property
}

// describe describes the resource type for documentation.
func (k *kind) describe() Type {
	return Type{Token: k.Token, Judged: k.judged(), Inputs: k.properties.describe(), Outputs: k.results.describe()}
}

// Types describes the provider's resource types, sorted by token.
func (p *Provider) Types() []Type {
	var types []Type
	for _, token := range slices.Sorted(maps.Keys(p.kinds)) {
		types = append(types, p.kinds[token].describe())
	}
	return types
}

func (s *schema) describe() []Property {
	for s.element != nil {
		s = s.element
	}
	var properties []Property
	for _, name := range s.names() {
		properties = append(properties, Property{
			Name: name, Required: slices.Contains(s.required, name), Replaces: s.replaces[name],
			Set: s.sets[name], Idle: s.idle[name], Computed: s.computed[name], Default: s.defaults[name],
			Members: s.fields[name].describe(),
		})
	}
	return properties
}

// Invokes lists the tokens of the provider's functions.
func (p *Provider) Invokes() []string { return slices.Sorted(maps.Keys(p.invokes)) }
