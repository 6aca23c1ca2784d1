package dynamodb

import (
	"fmt"
	"regexp"
	"slices"

	"skiff/local/engine/provider"
)

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

// maxIndexes is the quota of global secondary indexes per table
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html).
const maxIndexes = 20

func check(in Table) []provider.Problem {
	var problems []provider.Problem
	refuse := func(property, format string, args ...any) {
		problems = append(problems, provider.Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
	}
	if in.Name != "" && !nameForm.MatchString(in.Name) {
		refuse("name", "%q must be 3 to 255 letters, digits and _.-", in.Name)
	}
	if m := in.BillingMode; m != "" && m != "PAY_PER_REQUEST" && m != "PROVISIONED" {
		refuse("billingMode", "%q is neither PAY_PER_REQUEST nor PROVISIONED", m)
	}
	if in.BillingMode == "PAY_PER_REQUEST" && (in.ReadCapacity != 0 || in.WriteCapacity != 0) {
		refuse("billingMode", "PAY_PER_REQUEST takes no readCapacity or writeCapacity")
	}
	if (in.BillingMode == "" || in.BillingMode == "PROVISIONED") && (in.ReadCapacity < 1 || in.WriteCapacity < 1) {
		refuse("billingMode", "PROVISIONED, the default, needs a readCapacity and a writeCapacity of at least 1")
	}
	if in.TTL != nil && in.TTL.Enabled && in.TTL.AttributeName == "" {
		refuse("ttl.attributeName", "is required where ttl is enabled")
	}
	if len(in.GlobalSecondaryIndexes) > maxIndexes {
		refuse("globalSecondaryIndexes", "%d indexes; a table has at most %d", len(in.GlobalSecondaryIndexes), maxIndexes)
	}
	if r := in.PointInTimeRecovery; r != nil && r.RecoveryPeriodInDays != 0 && (r.RecoveryPeriodInDays < 1 || r.RecoveryPeriodInDays > 35) {
		refuse("pointInTimeRecovery.recoveryPeriodInDays", "%d is not within 1 to 35", r.RecoveryPeriodInDays)
	}
	if c := in.TableClass; c != "" && c != "STANDARD" && c != "STANDARD_INFREQUENT_ACCESS" {
		refuse("tableClass", "%q is neither STANDARD nor STANDARD_INFREQUENT_ACCESS", c)
	}
	if v := in.StreamViewType; v != "" && !slices.Contains([]string{"KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"}, v) {
		refuse("streamViewType", "%q is none of KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES", v)
	}
	if in.StreamEnabled && in.StreamViewType == "" {
		refuse("streamViewType", "is required where streamEnabled is true")
	}
	problems = append(problems, checkKeys(in)...)
	return append(problems, checkIndexes(in)...)
}

// checkKeys refuses a key that no attribute types, and an attribute that no
// key uses, as CreateTable does. A required name that is absent is not known
// yet; then nothing can be said of those that seem unused.
func checkKeys(in Table) []provider.Problem {
	var problems []provider.Problem
	refuse := func(property, format string, args ...any) {
		problems = append(problems, provider.Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
	}
	var declared []string
	for i, a := range in.Attributes {
		if a.Type != "" && !slices.Contains([]string{"S", "N", "B"}, a.Type) {
			refuse(fmt.Sprintf("attributes[%d].type", i), "%q is none of S, N, B", a.Type)
		}
		if a.Name != "" && slices.Contains(declared, a.Name) {
			refuse(fmt.Sprintf("attributes[%d].name", i), "%q is declared twice", a.Name)
		}
		declared = append(declared, a.Name)
	}
	if in.RangeKey != "" && in.RangeKey == in.HashKey {
		refuse("rangeKey", "%q is the hash key already", in.RangeKey)
	}
	keys, complete := keysOf(in)
	for _, key := range keys {
		if !slices.Contains(declared, key) && !slices.Contains(declared, "") {
			refuse("attributes", "the key %q is not among the attributes", key)
		}
	}
	for _, name := range declared {
		if name != "" && complete && !slices.Contains(keys, name) {
			refuse("attributes", "the attribute %q is no key of the table or an index: all attributes must be indexed", name)
		}
	}
	return problems
}

// keysOf are the attributes that are keys, each once; complete is false while
// one is not known yet.
func keysOf(in Table) (keys []string, complete bool) {
	required := []string{in.HashKey}
	optional := []string{in.RangeKey}
	for _, i := range in.GlobalSecondaryIndexes {
		required, optional = append(required, i.HashKey), append(optional, i.RangeKey)
	}
	for _, i := range in.LocalSecondaryIndexes {
		required = append(required, i.RangeKey)
	}
	for _, key := range slices.Concat(required, optional) {
		if key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys, !slices.Contains(required, "")
}

func checkIndexes(in Table) []provider.Problem {
	var problems []provider.Problem
	var seen []string
	check := func(at, name, projection string, attributes []string) {
		refuse := func(property, format string, args ...any) {
			problems = append(problems, provider.Problem{Property: at + property, Reason: fmt.Sprintf(format, args...)})
		}
		if name != "" && !nameForm.MatchString(name) {
			refuse(".name", "%q must be 3 to 255 letters, digits and _.-", name)
		}
		if name != "" && slices.Contains(seen, name) {
			refuse(".name", "%q is declared twice", name)
		}
		seen = append(seen, name)
		if !slices.Contains([]string{"", "ALL", "KEYS_ONLY", "INCLUDE"}, projection) {
			refuse(".projectionType", "%q is none of ALL, KEYS_ONLY, INCLUDE", projection)
		}
		if len(attributes) > 0 && (projection == "ALL" || projection == "KEYS_ONLY") {
			refuse(".nonKeyAttributes", "go with the projection INCLUDE only")
		}
	}
	for n, i := range in.GlobalSecondaryIndexes {
		check(fmt.Sprintf("globalSecondaryIndexes[%d]", n), i.Name, i.ProjectionType, i.NonKeyAttributes)
	}
	for n, i := range in.LocalSecondaryIndexes {
		check(fmt.Sprintf("localSecondaryIndexes[%d]", n), i.Name, i.ProjectionType, i.NonKeyAttributes)
	}
	return problems
}
