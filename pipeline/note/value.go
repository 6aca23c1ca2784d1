package note

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What the engine writes in place of secret, unknown and special values.
// https://github.com/pulumi/pulumi/blob/v3.250.0/sdk/go/common/resource/sig/sig.go
const (
	blinded     = "[secret]"
	unknown     = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	signature   = "4dabf18193072939515e22adb298388d" // the member that marks an object as a special value
	secretValue = "1b47061264138c4ac30d75fd1eb44270"
	outputValue = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
)

// ciphertext matches an encrypted secret in a state or in a stack's file.
var ciphertext = regexp.MustCompile(`\bv[0-9]+:[A-Za-z0-9+/=_-]{8,}:[A-Za-z0-9+/=_-]+`)

// hash matches a checksum. The note shows only its first digits.
var hash = regexp.MustCompile(`^[0-9a-f]{40,}$`)

// secret reports whether the engine marks the value as secret.
func secret(value any) bool {
	switch v := value.(type) {
	case string:
		return v == blinded || ciphertext.MatchString(v)
	case map[string]any:
		s := v[signature]
		_, encrypted := v["ciphertext"]
		return s == secretValue || s == outputValue || s != nil && encrypted
	}
	return false
}

// scalar returns a value as the note shows it on one line. It returns false for
// objects, lists, and texts that are JSON, such as policies.
func scalar(value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		if v == unknown {
			return "*known later*", true
		}
		if start := strings.TrimSpace(v); strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[") {
			if json.Valid([]byte(v)) {
				return "", false
			}
		}
		if v == "" {
			return code(`""`, maxValue), true
		}
		if hash.MatchString(v) {
			return code(v[:12]+"…", maxValue), true
		}
		return code(v, maxValue), true
	case bool, json.Number:
		return code(fmt.Sprint(v), maxValue), true
	}
	return "", false
}

// mask removes secrets from errors, which may repeat a program's values.
type mask struct {
	values []string // to be removed, longest first
}

// minHidden is the least length of a value that a mask removes. Shorter values,
// such as debug or 443, may be part of other words.
const minHidden = 8

// mask returns a mask that hides the values of environment variables, except
// values that are also shown elsewhere. A table's name, for example, is a
// variable of functions and a property of the table.
func (d digest) mask() mask {
	hide, show := map[string]bool{}, map[string]bool{}
	for _, s := range d.Steps {
		for _, state := range []*state{s.OldState, s.NewState} {
			if state != nil {
				collect(state.Inputs, nil, hide, show)
				collect(state.Outputs, nil, hide, show)
			}
		}
	}
	maps.DeleteFunc(hide, func(value string, _ bool) bool { return show[value] || len(value) < minHidden })
	values := slices.SortedFunc(maps.Keys(hide), func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return mask{values}
}

// collect adds the texts in a tree to hide or show.
func collect(tree any, path []string, hide, show map[string]bool) {
	switch t := tree.(type) {
	case map[string]any:
		for key, value := range t {
			collect(value, append(path, key), hide, show)
		}
	case []any:
		for _, value := range t {
			collect(value, path, hide, show)
		}
	case string:
		switch {
		case t == unknown, t == blinded, t == "":
		case hidden(path):
			hide[t] = true
		default:
			show[t] = true
		}
	}
}

// object matches the engine's JSON of a secret without nested objects.
var object = regexp.MustCompile(`\{[^{}]*"?` + signature + `"?[^{}]*\}`)

func (m mask) text(text string) string {
	text = object.ReplaceAllString(text, blinded)
	text = ciphertext.ReplaceAllString(text, blinded)
	for _, value := range m.values {
		text = strings.ReplaceAll(text, value, "[hidden]")
	}
	return string(bytes.ToValidUTF8([]byte(text), []byte("�")))
}
