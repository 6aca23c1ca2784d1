package ssm

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"skiff/local/aws/awserr"
	"skiff/local/store"
)

// Keys of a parameter's state: the number of its current version, and the
// stored versions.
const (
	version  = "version"
	versions = "versions"
)

// Limits of a parameter's versions
// (https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html,
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html).
const (
	maxVersions = 100
	maxLabels   = 10 // of one version
)

// held is one version of a parameter.
type held struct {
	Version  int
	Value    string
	Labels   []string
	Modified time.Time
}

func versionOf(r store.Record[Parameter]) int {
	n, _ := strconv.Atoi(r.State[version]) // only this package writes it
	return n
}

// versionsOf returns the stored versions, the current one last. A record of an
// older local cloud has only the current version.
func versionsOf(r store.Record[Parameter]) ([]held, error) {
	text, ok := r.State[versions]
	if !ok {
		return []held{{Version: versionOf(r), Value: r.Inputs.Value, Modified: r.Created}}, nil
	}
	var all []held
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("versions of parameter %s: %w", r.ID, err)
	}
	return all, nil
}

// keepVersion stores the inputs of a record as its next version. It drops the
// oldest version if there are too many.
func keepVersion(r *store.Record[Parameter], before []held, number int, now time.Time) error {
	all := append(slices.Clip(before), held{Version: number, Value: r.Inputs.Value, Modified: now})
	if len(all) > maxVersions {
		if len(all[0].Labels) > 0 {
			return awserr.New("ParameterMaxVersionLimitExceeded", "You attempted to create a new version of %s by calling the PutParameter API with the overwrite flag. Version %d, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.", r.ID, all[0].Version)
		}
		all = all[1:]
	}
	return setVersions(r, all)
}

func setVersions(r *store.Record[Parameter], all []held) error {
	data, err := json.Marshal(all)
	if err != nil {
		return err
	}
	r.State = map[string]string{version: strconv.Itoa(all[len(all)-1].Version), versions: string(data)}
	return nil
}

// selected returns the version for a selector, which is a number or a label, or
// "" for the current version.
func selected(r store.Record[Parameter], selector string) (held, error) {
	all, err := versionsOf(r)
	if err != nil {
		return held{}, err
	}
	if selector == "" {
		return all[len(all)-1], nil
	}
	for _, v := range all {
		if strconv.Itoa(v.Version) == selector || slices.Contains(v.Labels, selector) {
			return v, nil
		}
	}
	return held{}, awserr.New("ParameterVersionNotFound", "Systems Manager could not find version %s of %s. Verify the version and try again.", selector, r.ID)
}

// shown returns a value as a caller sees it. A SecureString without decryption
// is a text that does not contain the value.
func shown(r store.Record[Parameter], value string, number int, decrypt bool) string {
	if r.Inputs.Type != secure || decrypt {
		return value
	}
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "encrypted by the local cloud: %s:%d", strings.TrimPrefix(r.ID, "/"), number))
}
