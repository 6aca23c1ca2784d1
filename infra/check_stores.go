package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"skiff/lambdas"
)

// Quotas of DynamoDB and Parameter Store.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
const (
	maxIndexes   = 20
	minIndexName = 3
	maxValue     = 4096 // the maximum length of a parameter's value
)

// checkStores refuses tables, queues, buckets and parameters that AWS would
// refuse.
func checkStores(service lambdas.Service) error {
	var errs []error
	for _, t := range service.Tables {
		errs = append(errs, checkKeys(t), checkTableIndexes(t))
		if t.Stream != "" && !slices.Contains([]string{"KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"}, t.Stream) {
			errs = append(errs, fmt.Errorf("table %s: Stream must be KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES, not %q", t.Name, t.Stream))
		}
	}
	for _, q := range service.Queues {
		if q.Shared && q.Carries == "" {
			errs = append(errs, fmt.Errorf("queue %s is shared: describe its messages in Carries, for the description of its send policy", q.Name))
		}
	}
	for _, b := range service.Buckets {
		if b.ExpireDays < 0 {
			errs = append(errs, fmt.Errorf("bucket %s: ExpireDays is %d; it must be a number of days, or 0 for never", b.Name, b.ExpireDays))
		}
	}
	for _, p := range service.Parameters {
		if n := len(p.Value); n < 1 || n > maxValue {
			errs = append(errs, fmt.Errorf("parameter %s: its value has %d characters, but Parameter Store accepts 1 to %d", p.Name, n, maxValue))
		}
	}
	return errors.Join(errs...)
}

// checkKeys refuses a table without a hash key, keys without a valid type, and
// keys with two types.
func checkKeys(t lambdas.Table) error {
	var errs []error
	if t.HashKey.Name == "" {
		errs = append(errs, fmt.Errorf("table %s has no hash key; give it one, such as String(\"id\")", t.Name))
	}
	types := map[string]string{}
	for _, k := range keys(t) {
		if k.Name == "" {
			continue
		}
		if k.Type != "S" && k.Type != "N" && k.Type != "B" {
			errs = append(errs, fmt.Errorf("table %s: the key %s must be a String, a Number or a Binary", t.Name, k.Name))
		}
		if types[k.Name] != "" && types[k.Name] != k.Type {
			errs = append(errs, fmt.Errorf("table %s: the key %s has the types %s and %s; an attribute has one type", t.Name, k.Name, types[k.Name], k.Type))
		}
		types[k.Name] = k.Type
	}
	if t.HashKey.Name != "" && t.HashKey.Name == t.RangeKey.Name {
		errs = append(errs, fmt.Errorf("table %s: %s is both the hash key and the range key; use two attributes", t.Name, t.HashKey.Name))
	}
	if t.TTL != "" && types[t.TTL] != "" && types[t.TTL] != "N" {
		errs = append(errs, fmt.Errorf("table %s: %s is the TTL, which is a Number, but also a key of another type", t.Name, t.TTL))
	}
	return errors.Join(errs...)
}

func checkTableIndexes(t lambdas.Table) error {
	var errs []error
	var seen []string
	for _, index := range t.Indexes {
		switch {
		case len(index.Name) < minIndexName:
			errs = append(errs, fmt.Errorf("table %s: the name of an index must have at least %d characters, not %q", t.Name, minIndexName, index.Name))
		case slices.Contains(seen, index.Name):
			errs = append(errs, fmt.Errorf("table %s: the index %s is declared twice", t.Name, index.Name))
		case index.HashKey.Name == "":
			errs = append(errs, fmt.Errorf("table %s: the index %s has no hash key; give it one, such as String(\"status\")", t.Name, index.Name))
		}
		seen = append(seen, index.Name)
	}
	if len(t.Indexes) > maxIndexes {
		errs = append(errs, fmt.Errorf("table %s has %d indexes, but DynamoDB accepts at most %d: %s", t.Name, len(t.Indexes), maxIndexes, strings.Join(seen, ", ")))
	}
	return errors.Join(errs...)
}
