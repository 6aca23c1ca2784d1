package provider

import (
	"crypto/rand"
	"encoding/hex"
	mathrand "math/rand/v2"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// autoname is the physical name of a resource that the program leaves
// unnamed: the one it has, else the one the project's autonaming proposes,
// else its logical name with seven random hex digits, as the AWS provider
// makes it. It is "" where autonaming is disabled.
func autoname(r *pulumirpc.CheckRequest, property string, length int) string {
	if name, ok := r.Olds.AsMap()[property].(string); ok {
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

// randomID is an id in the form of API Gateway's own: ten lower-case letters
// and digits, the first a letter.
func randomID() string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	const all = letters + "0123456789"
	id := []byte{letters[mathrand.N(len(letters))]}
	for len(id) < 10 {
		id = append(id, all[mathrand.N(len(all))])
	}
	return string(id)
}
