package provider

import (
	"crypto/rand"
	"encoding/hex"
	mathrand "math/rand/v2"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// defaultsKey lists the inputs that the program did not give. The AWS provider
// keeps it in the state too; the engine never shows it.
const defaultsKey = "__defaults"

// named adds a name to the inputs if the program gives none.
func named(inputs map[string]any, r *pulumirpc.CheckRequest, property string, length int) []Problem {
	if property == "" {
		return nil
	}
	if given := inputs[property]; given != nil && given != "" {
		inputs[defaultsKey] = []any{}
		return nil
	}
	name := autoname(r, property, length)
	if name == "" {
		return []Problem{{property, "is required, because autonaming is disabled"}}
	}
	inputs[property], inputs[defaultsKey] = name, []any{property}
	return nil
}

// isGiven reports whether the program gave a property of these checked inputs.
func isGiven(inputs map[string]any, property string) bool {
	defaults, ok := inputs[defaultsKey].([]any)
	return ok && !slices.Contains(defaults, any(property))
}

// autoname returns the physical name of a resource that the program does not
// name. A name that it had before is kept. Else the name is the proposal of the
// project's autonaming. Without one it is the logical name with seven random
// hex digits, as in the AWS provider. It is "" if autonaming is disabled.
func autoname(r *pulumirpc.CheckRequest, property string, length int) string {
	olds := r.Olds.AsMap()
	if name, ok := olds[property].(string); ok && name != "" && !isGiven(olds, property) {
		return name
	}
	if a := r.Autonaming; a != nil {
		if a.Mode == pulumirpc.CheckRequest_AutonamingOptions_DISABLE {
			return ""
		}
		return a.ProposedName
	}
	suffix := make([]byte, 4)
	copy(suffix, r.RandomSeed)
	if len(r.RandomSeed) < len(suffix) {
		rand.Read(suffix)
	}
	name := r.Name
	if room := length - 8; length > 0 && len(name) > room {
		name = name[:room]
	}
	return name + "-" + hex.EncodeToString(suffix)[:7]
}

// randomID returns an id in the form of API Gateway's ids: ten lower-case
// letters and digits, a letter first.
func randomID() string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	const all = letters + "0123456789"
	id := []byte{letters[mathrand.N(len(letters))]}
	for len(id) < 10 {
		id = append(id, all[mathrand.N(len(all))])
	}
	return string(id)
}

// StackOf returns the stack in a resource's URN.
// https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
func StackOf(urn string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(urn, "urn:pulumi:"), "::")
	return name
}
