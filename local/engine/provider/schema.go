package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// The engine's wire format marks values that plain JSON cannot express:
// sdk/go/common/resource/properties.go in https://github.com/pulumi/pulumi.
const (
	unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	signatureKey = "4dabf18193072939515e22adb298388d"
	archiveMark  = "0def7320c3a5731c473e5ecbe6d01bc7"
	assetMark    = "c44067f5952c0a294b673a41bacd8c17"
)

// schema describes the properties of a resource type, or of an object within
// one. It is read from a Go struct.
type schema struct {
	fields   map[string]*schema // nil if any name is allowed, as in tags
	element  *schema            // of a list or a map
	required []string
	replaces map[string]bool
	sets     map[string]bool // lists whose order does not matter
	idle     map[string]bool // checked and stored, without effect
	computed map[string]bool // AWS keeps its value if the program gives none
	defaults map[string]any  // the AWS provider's value if the program gives none
}

func schemaOf[T any]() *schema { return schemaOfType(reflect.TypeFor[T]()) }

func schemaOfType(t reflect.Type) *schema {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOfType(t.Elem())
	case reflect.Slice, reflect.Map:
		return &schema{element: schemaOfType(t.Elem())}
	case reflect.Struct:
		if t == reflect.TypeFor[Archive]() {
			return &schema{}
		}
	default:
		return &schema{}
	}
	s := &schema{
		fields: map[string]*schema{}, replaces: map[string]bool{}, sets: map[string]bool{},
		idle: map[string]bool{}, computed: map[string]bool{}, defaults: map[string]any{},
	}
	for f := range t.Fields() {
		name := fieldName(f)
		s.fields[name] = schemaOfType(f.Type)
		for mark := range strings.SplitSeq(f.Tag.Get("aws"), ",") {
			s.mark(name, mark, f.Type)
		}
	}
	return s
}

// mark records one mark of a property's aws tag.
func (s *schema) mark(name, mark string, t reflect.Type) {
	mark, value, _ := strings.Cut(mark, "=")
	switch mark {
	case "required":
		s.required = append(s.required, name)
	case "replace":
		s.replaces[name] = true
	case "set":
		s.sets[name] = true
	case "idle":
		s.idle[name] = true
	case "computed":
		s.computed[name] = true
	case "default":
		s.defaults[name] = value
		if t.Kind() == reflect.Bool {
			s.defaults[name] = value == "true"
		}
	}
}

// fieldName returns the Pulumi name of a property, from its json tag.
func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// completed returns the inputs, with the members that AWS adds to objects
// within them, such as the target of a domain name. s is the schema of the
// outputs. An added member has its value in before, or is unknown.
func (s *schema) completed(inputs, before map[string]any) map[string]any {
	all := maps.Clone(inputs)
	for name, field := range s.fields {
		given, ok := inputs[name].(map[string]any)
		if !ok || field.fields == nil {
			continue
		}
		whole := unknown(field.names())
		if old, ok := before[name].(map[string]any); ok {
			maps.Copy(whole, only(old, field.names()))
		}
		maps.Copy(whole, given)
		all[name] = whole
	}
	return all
}

// notKnown begins the reason for refusing an unknown property.
const notKnown = "the local cloud does not know this property"

func (s *schema) names() []string { return slices.Sorted(maps.Keys(s.fields)) }

// problems lists the unknown properties of v and the required ones it lacks. An
// unknown value counts as given. An empty string does not: AWS accepts none for
// a required property.
func (s *schema) problems(path string, v any) []Problem {
	switch v := v.(type) {
	case []any:
		var all []Problem
		for i, e := range v {
			if s.element != nil {
				all = append(all, s.element.problems(fmt.Sprintf("%s[%d]", path, i), e)...)
			}
		}
		return all
	case map[string]any:
		return s.objectProblems(path, v)
	}
	return nil
}

func (s *schema) objectProblems(path string, object map[string]any) []Problem {
	var all []Problem
	for _, name := range slices.Sorted(maps.Keys(object)) {
		inner := join(path, name)
		switch field, known := s.fields[name]; {
		case s.element != nil:
			all = append(all, s.element.problems(inner, object[name])...)
		case s.fields == nil || name == defaultsKey:
		case known:
			all = append(all, field.problems(inner, object[name])...)
		default:
			all = append(all, Problem{inner, notKnown + "; it knows " + strings.Join(s.names(), ", ")})
		}
	}
	for _, name := range s.required {
		if v := object[name]; v == nil || v == "" {
			all = append(all, Problem{join(path, name), "is required"})
		}
	}
	return all
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// known returns v without unknown values; ok is false if v itself is unknown.
func known(v any) (_ any, ok bool) {
	switch v := v.(type) {
	case string:
		return v, v != unknownValue
	case []any:
		list := make([]any, 0, len(v))
		for _, e := range v {
			if e, ok := known(e); ok {
				list = append(list, e)
			}
		}
		return list, true
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, e := range v {
			if e, ok := known(e); ok {
				object[name] = e
			}
		}
		return object, true
	}
	return v, true
}

// decode decodes inputs into a Go struct.
func decode(inputs map[string]any, in any) *Problem {
	data, err := json.Marshal(inputs)
	if err == nil {
		err = json.Unmarshal(data, in)
	}
	return decodeProblem(err)
}

// decodeProblem returns the problem of inputs that could not be decoded, or nil.
// It names a property whose value has the wrong type.
func decodeProblem(err error) *Problem {
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &Problem{wrong.Field, fmt.Sprintf("must be %s, not %s", article(wrong.Type), wrong.Value)}
	}
	return &Problem{Reason: err.Error()}
}

func article(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	default:
		return "an object"
	}
}

func toMap(v any) (map[string]any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	return m, json.Unmarshal(data, &m)
}
