package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"skiff/local/store"
)

// A lost creation may have to be deleted for a new one, and may have parts: a
// role its policies, a bucket its objects, an API its routes. AWS refuses to
// delete some resources that have parts, and deletes the parts of others
// itself. So its lost parts are deleted first, whatever their type.
//
// A part has an input that names the whole and whose change replaces the part.
// Pulumi deletes the same parts before a replacement that deletes first:
// https://www.pulumi.com/docs/iac/concepts/options/deletebeforereplace/ A
// resource that only uses another, as a function uses its role, is kept.

// clearAway deletes a lost creation, after its lost parts.
func (k *kind) clearAway(ctx context.Context, db *store.Store, c Call, key string, held record) error {
	if c.clear != nil {
		names, err := k.names(held)
		if err == nil {
			err = c.clear(ctx, names)
		}
		if err != nil {
			return err
		}
	}
	return k.remove(ctx, db, c, key, held)
}

// takes reports whether a new resource would have the key of the lost one.
func (k *kind) takes(c Call, in any, key string) bool {
	return k.ID != nil && k.key(c, k.ID(c, in), in) == key
}

// names returns the values by which inputs of other resources refer to this
// one.
func (k *kind) names(held record) ([]string, error) {
	inputs, err := toMap(held.Inputs)
	if err != nil {
		return nil, err
	}
	outputs, err := k.outputs(held)
	names := []string{held.ID}
	for _, value := range []any{inputs[k.Named], outputs["arn"], outputs["url"]} {
		if name, ok := value.(string); ok && name != "" {
			names = append(names, name)
		}
	}
	return names, err
}

// clear deletes the lost parts of a call's resource, and the parts of those
// parts.
func (p *Provider) clear(ctx context.Context, c Call, names []string) error {
	for _, lost := range p.o.Unsaved.allLost(prefixOf(c.URN)) {
		k, ok := p.kinds[lost.Token]
		if !ok || lost.URN == c.URN || slices.Contains(c.clearing, lost.URN) {
			continue
		}
		part, err := isPart(p.o.Store, k, lost, names)
		if err != nil {
			return err
		}
		if !part {
			continue
		}
		of := c
		of.URN, of.clearing = lost.URN, append(slices.Clone(c.clearing), c.URN)
		of.clear = func(ctx context.Context, names []string) error { return p.clear(ctx, of, names) }
		if err := k.abandon(ctx, p.o.Store, of, lost); err != nil {
			return fmt.Errorf("delete %s, which a killed command created: %w", lost.URN, err)
		}
		p.o.Unsaved.adopted(lost)
	}
	return nil
}

// isPart reports whether a lost creation refers to the resource in an input
// whose change replaces the creation.
func isPart(db *store.Store, k *kind, lost store.Change, names []string) (bool, error) {
	var held store.Record[map[string]any]
	if lost.Verb == store.Began {
		if err := json.Unmarshal(lost.Record, &held); err != nil {
			return false, err
		}
	} else {
		there, err := store.Has(db, lost.Token, lost.Key)
		if err != nil || !there {
			return false, err
		}
		if held, err = store.Get[map[string]any](db, lost.Token, lost.Key); err != nil {
			return false, err
		}
	}
	for name := range k.properties.replaces {
		if name != k.Named && slices.ContainsFunc(names, func(whole string) bool { return mentions(held.Inputs[name], whole) }) {
			return true, nil
		}
	}
	return false, nil
}

// mentions reports whether a value is the name, begins with it, or contains
// such a value. The ARN of a stream, for example, begins with the ARN of its
// table.
func mentions(value any, name string) bool {
	switch value := value.(type) {
	case string:
		rest, ok := strings.CutPrefix(value, name)
		return ok && (rest == "" || strings.ContainsAny(rest[:1], "/:"))
	case []any:
		return slices.ContainsFunc(value, func(v any) bool { return mentions(v, name) })
	case map[string]any:
		for _, v := range value {
			if mentions(v, name) {
				return true
			}
		}
	}
	return false
}
