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
	var problems provider.Problems
	if in.Name != "" && !nameForm.MatchString(in.Name) {
		problems.Add("name", "%q must be 3 to 255 letters, digits and _.-", in.Name)
	}
	problems.OneOf("billingMode", in.BillingMode, "PAY_PER_REQUEST", "PROVISIONED")
	if in.BillingMode == "PAY_PER_REQUEST" && (in.ReadCapacity != 0 || in.WriteCapacity != 0) {
		problems.Add("billingMode", "PAY_PER_REQUEST has no readCapacity or writeCapacity")
	}
	if (in.BillingMode == "" || in.BillingMode == "PROVISIONED") && (in.ReadCapacity < 1 || in.WriteCapacity < 1) {
		problems.Add("billingMode", "PROVISIONED, the default, needs a readCapacity and a writeCapacity of at least 1")
	}
	if in.TTL != nil && in.TTL.Enabled && in.TTL.AttributeName == "" {
		problems.Add("ttl.attributeName", "is required if ttl is enabled")
	}
	if len(in.GlobalSecondaryIndexes) > maxIndexes {
		problems.Add("globalSecondaryIndexes", "%d indexes; a table has at most %d", len(in.GlobalSecondaryIndexes), maxIndexes)
	}
	if r := in.PointInTimeRecovery; r != nil && r.RecoveryPeriodInDays != 0 {
		problems.Within("pointInTimeRecovery.recoveryPeriodInDays", r.RecoveryPeriodInDays, 1, 35, "")
	}
	problems.OneOf("tableClass", in.TableClass, "STANDARD", "STANDARD_INFREQUENT_ACCESS")
	problems.OneOf("streamViewType", in.StreamViewType, "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")
	if in.StreamEnabled && in.StreamViewType == "" {
		problems.Add("streamViewType", "is required if streamEnabled is true")
	}
	problems = append(problems, checkKeys(in)...)
	return append(problems, checkIndexes(in)...)
}

// checkKeys refuses a key without an attribute definition and an attribute that
// is no key, as CreateTable does. An empty required name is not known yet.
// While one is unknown, checkKeys accepts attributes that seem unused.
func checkKeys(in Table) []provider.Problem {
	var problems provider.Problems
	var declared []string
	for i, a := range in.Attributes {
		problems.OneOf(fmt.Sprintf("attributes[%d].type", i), a.Type, "S", "N", "B")
		if a.Name != "" && slices.Contains(declared, a.Name) {
			problems.Add(fmt.Sprintf("attributes[%d].name", i), "%q is declared twice", a.Name)
		}
		declared = append(declared, a.Name)
	}
	if in.RangeKey != "" && in.RangeKey == in.HashKey {
		problems.Add("rangeKey", "%q is already the hash key", in.RangeKey)
	}
	keys, complete := keysOf(in)
	for _, key := range keys {
		if !slices.Contains(declared, key) && !slices.Contains(declared, "") {
			problems.Add("attributes", "the key %q is not among the attributes", key)
		}
	}
	for _, name := range declared {
		if name != "" && complete && !slices.Contains(keys, name) {
			problems.Add("attributes", "the attribute %q is not a key of the table or of an index: all attributes must be indexed", name)
		}
	}
	return problems
}

// keysOf returns the key attributes, each once. complete is false while a
// required key is not known yet.
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
	var problems provider.Problems
	var seen []string
	check := func(at, name, projection string, attributes []string) {
		if name != "" && !nameForm.MatchString(name) {
			problems.Add(at+".name", "%q must be 3 to 255 letters, digits and _.-", name)
		}
		if name != "" && slices.Contains(seen, name) {
			problems.Add(at+".name", "%q is declared twice", name)
		}
		seen = append(seen, name)
		problems.OneOf(at+".projectionType", projection, "ALL", "KEYS_ONLY", "INCLUDE")
		if len(attributes) > 0 && (projection == "ALL" || projection == "KEYS_ONLY") {
			problems.Add(at+".nonKeyAttributes", "need the projection INCLUDE")
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
