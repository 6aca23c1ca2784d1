package provider

import (
	"context"
	"maps"
	"reflect"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Diff compares the inputs of the last update with the new ones, property by
// property. It also compares the resource's tags with the tags that inputs and
// provider give. The type's aws tags say which changes replace the resource.
func (p *Provider) Diff(ctx context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	k, err := p.kind(r.Type, r.Urn)
	if err != nil {
		return nil, err
	}
	olds, news := r.OldInputs.AsMap(), r.News.AsMap()
	unify(k, olds, r.Olds.AsMap(), news)
	response := compare(olds, news, k.properties.replaces)
	if k.taggable() {
		compareTags(response, r.Olds.AsMap(), tagsAll(connectionOf(ctx).scope().tags, news))
	}
	response.DeleteBeforeReplace = len(response.Replaces) > 0 && k.deletedFirst(news)
	return response, nil
}

// deletedFirst reports whether a replacement deletes the old resource first. A
// type with an automatic name does so if the program gives the name, even if
// the name changes: nameRequiresDeleteBeforeReplace in pkg/tfbridge/schema.go
// of pulumi-terraform-bridge does not compare the two names.
func (k *kind) deletedFirst(news map[string]any) bool {
	return k.DeletedFirst || k.Named != "" && isGiven(news, k.Named)
}

// unify replaces new inputs by old ones that AWS treats as equal, so that they
// do not count as changes. state holds the properties after the last update.
func unify(k *kind, olds, state, news map[string]any) {
	s := k.properties
	for name := range s.fields {
		s.complete(name, olds, state, news)
		old, had := olds[name]
		value, has := news[name]
		if had && has && (s.sets[name] && sameElements(old, value) || k.same(name, old, value)) {
			news[name] = old
		}
	}
}

// complete handles a property that only the old or only the new inputs have. An
// empty list equals an absent one. A computed property that the program leaves
// out keeps its value, because the AWS provider compares it with the state:
// https://developer.hashicorp.com/terraform/plugin/sdkv2/schemas/schema-behaviors#computed
func (s *schema) complete(name string, olds, state, news map[string]any) {
	given, had := olds[name]
	value, has := news[name]
	if had == has {
		return
	}
	if has {
		given = value
	}
	fallback, ok := s.defaults[name]
	list, isList := given.([]any)
	switch {
	case isList && len(list) == 0, ok && given == fallback, has && s.computed[name] && equal(state[name], value):
		delete(olds, name)
		delete(news, name)
	case had && s.computed[name]:
		news[name] = given
	}
}

// sameElements reports whether two lists have the same elements in any order.
func sameElements(a, b any) bool {
	x, _ := a.([]any)
	y, _ := b.([]any)
	rest := slices.Clone(y)
	for _, e := range x {
		i := slices.IndexFunc(rest, func(other any) bool { return equal(e, other) })
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return len(rest) == 0 && len(x) > 0
}

// kept returns the inputs of an update, with the computed properties that the
// program leaves out and AWS keeps.
func (k *kind) kept(inputs map[string]any, in, old any) (any, error) {
	computed := k.properties.computed
	if len(computed) == 0 {
		return in, nil
	}
	held, err := toMap(old)
	if err != nil {
		return in, err
	}
	all := maps.Clone(inputs)
	for name := range computed {
		value, had := held[name]
		if _, given := all[name]; !given && had {
			all[name] = value
		}
	}
	in, problem := k.decode(all)
	if problem != nil {
		return in, problem
	}
	return in, nil
}

// drifted returns the engine's inputs with every differing value replaced by
// the stored one: the engine may know only an older state. Equal values keep
// the engine's form. An import has no inputs and gets the stored ones.
func (k *kind) drifted(inputs map[string]any, held any) (map[string]any, error) {
	if len(inputs) == 0 {
		return toMap(held)
	}
	in, problem := k.decode(inputs)
	if problem != nil {
		return nil, problem
	}
	difference, actual, err := k.compareHeld(held, in)
	if err != nil {
		return nil, err
	}
	drifted := maps.Clone(inputs)
	for _, name := range difference.Diffs {
		delete(drifted, name)
		if value, ok := actual[name]; ok {
			drifted[name] = value
		}
	}
	// The engine sends an archive as a hash without contents, and would keep it
	// like that.
	for name, value := range drifted {
		if actual[name] != nil && hashAlone(value) {
			drifted[name] = actual[name]
		}
	}
	return drifted, nil
}

// compareHeld compares the inputs with the stored ones. It also returns the
// stored ones by their Pulumi names.
func (k *kind) compareHeld(held, inputs any) (difference *pulumirpc.DiffResponse, actual map[string]any, err error) {
	if actual, err = toMap(held); err != nil {
		return nil, nil, err
	}
	known, err := toMap(inputs)
	if err != nil {
		return nil, nil, err
	}
	for name := range k.properties.computed {
		if _, given := known[name]; !given {
			delete(actual, name)
		}
	}
	unify(k, known, nil, actual)
	return compare(known, actual, k.properties.replaces), actual, nil
}

func compare(olds, news map[string]any, replaces map[string]bool) *pulumirpc.DiffResponse {
	response := &pulumirpc.DiffResponse{
		Changes:         pulumirpc.DiffResponse_DIFF_NONE,
		HasDetailedDiff: true,
		DetailedDiff:    map[string]*pulumirpc.PropertyDiff{},
	}
	names := map[string]any{}
	maps.Copy(names, news)
	maps.Copy(names, olds)
	delete(names, defaultsKey)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, had := olds[name]
		value, has := news[name]
		if had == has && equal(old, value) {
			continue
		}
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		response.Diffs = append(response.Diffs, name)
		if replaces[name] {
			response.Replaces = append(response.Replaces, name)
		}
		response.DetailedDiff[name] = &pulumirpc.PropertyDiff{Kind: diffKind(had, has, replaces[name]), InputDiff: true}
	}
	return response
}

func diffKind(had, has, replace bool) pulumirpc.PropertyDiff_Kind {
	kinds := map[[3]bool]pulumirpc.PropertyDiff_Kind{
		{false, true, false}: pulumirpc.PropertyDiff_ADD,
		{false, true, true}:  pulumirpc.PropertyDiff_ADD_REPLACE,
		{true, false, false}: pulumirpc.PropertyDiff_DELETE,
		{true, false, true}:  pulumirpc.PropertyDiff_DELETE_REPLACE,
		{true, true, false}:  pulumirpc.PropertyDiff_UPDATE,
		{true, true, true}:   pulumirpc.PropertyDiff_UPDATE_REPLACE,
	}
	return kinds[[3]bool{had, has, replace}]
}

// equal reports whether two values are equal. It compares archives by hash,
// because old values have nothing else.
func equal(a, b any) bool {
	if x, ok := archiveHash(a); ok {
		y, ok := archiveHash(b)
		return ok && x == y
	}
	return reflect.DeepEqual(a, b)
}
