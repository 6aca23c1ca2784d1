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

// What the engine writes in place of values it does not show or know.
// https://github.com/pulumi/pulumi/blob/v3.250.0/sdk/go/common/resource/sig/sig.go
const (
	blinded     = "[secret]"
	unknown     = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	signature   = "4dabf18193072939515e22adb298388d" // the key by which an object is more than an object
	secretValue = "1b47061264138c4ac30d75fd1eb44270"
	outputValue = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
)

// ciphertext is how a secret is encrypted in a state or in a stack's file.
var ciphertext = regexp.MustCompile(`\bv[0-9]+:[A-Za-z0-9+/=_-]{8,}:[A-Za-z0-9+/=_-]+`)

// hash is a sum over something, of which the first digits are enough.
var hash = regexp.MustCompile(`^[0-9a-f]{40,}$`)

// secret tells whether the engine marks the value itself as one.
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

// scalar is a value as a note shows it, or false if it is none of one line:
// objects, lists, and texts that hold JSON, such as policies.
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
			return code(`""`, short), true
		}
		if hash.MatchString(v) {
			return code(v[:12]+"…", short), true
		}
		return code(v, short), true
	case bool, json.Number:
		return code(fmt.Sprint(v), short), true
	}
	return "", false
}

// mask takes out of a text what is secret. Errors may repeat the values that a
// program passed.
type mask struct {
	values []string // that no text may hold, the longest first
}

// telling is the least length of a value that a mask takes out. Shorter ones,
// such as debug or 443, are part of other words.
const telling = 8

// mask hides the values of environment variables, but for those that are shown
// elsewhere: a table's name is a variable of the functions, and a table's name.
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
	maps.DeleteFunc(hide, func(value string, _ bool) bool { return show[value] || len(value) < telling })
	values := slices.SortedFunc(maps.Keys(hide), func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return mask{values}
}

// collect adds the texts in a tree to those that are hidden or shown.
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

// object is the engine's JSON of a secret, which holds no other object.
var object = regexp.MustCompile(`\{[^{}]*"?` + signature + `"?[^{}]*\}`)

func (m mask) text(text string) string {
	text = object.ReplaceAllString(text, blinded)
	text = ciphertext.ReplaceAllString(text, blinded)
	for _, value := range m.values {
		text = strings.ReplaceAll(text, value, "[hidden]")
	}
	return string(bytes.ToValidUTF8([]byte(text), []byte("�")))
}
