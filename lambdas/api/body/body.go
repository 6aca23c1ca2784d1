// Package body decodes the body of a request into a struct. It is separate from
// package api because it adds 600 KB to the binary of each function that
// imports it.
package body

import (
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"skiff/lambdas/api"
)

// Decode decodes the request's body, one JSON object, into a T. T is a struct
// whose json tags name all members that the body may have. thing names the
// object in problems, such as "an order".
//
// Decode fails with an *api.Problem. It refuses what api.Body and api.Tokens
// refuse, and more than api.MaxDepth levels. It also refuses a member that T
// does not have, and a value that does not fit its field.
//
// A member that is absent or null leaves its field zero; the domain checks
// whether it is required. A field of type any holds numbers as float64, which
// rounds them. A jsontext.Value keeps them as they are.
func Decode[T any](r api.Request, thing string) (T, error) {
	var value T
	body, err := api.Body(r)
	if err != nil {
		return value, err
	}
	if err := validate(body, thing); err != nil {
		return value, err
	}
	if err := json.Unmarshal(body, &value, json.RejectUnknownMembers(true)); err != nil {
		var none T
		return none, misfit(err)
	}
	return value, nil
}

// validate reads the whole body before any of it is decoded.
func validate(body []byte, thing string) error {
	t := api.NewTokens(body, thing)
	token, err := t.Next()
	if err != nil {
		return err
	}
	if token.Kind() != '{' {
		return api.Refuse(api.InvalidBody, "the body is not a JSON object")
	}
	for t.Depth() > 0 {
		if _, err := t.Next(); err != nil {
			return err
		}
		if t.Depth() > api.MaxDepth {
			return api.Refuse(api.TooDeep, "the body has more than %d levels", api.MaxDepth)
		}
	}
	if !t.AtEnd() {
		return api.Refuse(api.InvalidJSON, "there is data after the object")
	}
	return nil
}

// maxPointer is how many bytes of the client's member names a detail repeats.
const maxPointer = 100

// misfit returns the problem for valid JSON that does not fit its type.
func misfit(err error) *api.Problem {
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return api.Refuse(api.Validation, "the body does not have the expected form")
	}
	place := string(semantic.JSONPointer)
	if len(place) > maxPointer {
		place = strings.ToValidUTF8(place[:maxPointer], "") + "…"
	}
	if errors.Is(err, json.ErrUnknownName) {
		return api.Refuse(api.UnknownField, "the body has the unknown member %q", place)
	}
	return api.Refuse(api.Validation, "%q must be %s", place, form(semantic.GoType))
}

// form names the JSON that a Go type is decoded from.
func form(t reflect.Type) string {
	if t == nil {
		return "another value"
	}
	if t == reflect.TypeFor[time.Time]() {
		return "a time, such as 2026-03-01T12:00:00Z"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number that fits"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number that fits, without a sign"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Pointer:
		return form(t.Elem())
	}
	return "another value"
}
