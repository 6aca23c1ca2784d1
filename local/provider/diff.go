package provider

import (
	"context"
	"maps"
	"reflect"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Diff compares the inputs of the last update with the new ones, property by
// property, and the tags that the provider adds with those that the resource
// has. Which changes replace the resource is said by the type's aws tags.
func (p *Provider) Diff(ctx context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	k, err := p.kind(r.Type, r.Urn)
	if err != nil {
		return nil, err
	}
	olds, news := r.OldInputs.AsMap(), r.News.AsMap()
	unify(k, olds, news)
	response := compare(olds, news, k.properties().replaces)
	if k.taggable() {
		compareTags(response, r.Olds.AsMap(), tagsAll(connectionOf(ctx).scope().tags, news))
	}
	// A name that the program gives is still taken while the old resource
	// stands, so that one has to go first.
	if name, _ := k.named(); name != "" && len(response.Replaces) > 0 {
		response.DeleteBeforeReplace = isGiven(news, name) && equal(olds[name], news[name])
	}
	return response, nil
}

// unify gives the new inputs the old values that are the same to AWS.
func unify(k kind, olds, news map[string]any) {
	for name, old := range olds {
		if value, ok := news[name]; ok && k.same(name, old, value) {
			news[name] = old
		}
	}
}

// drifted is the inputs that the engine knows, with what is held in place of
// what differs: the engine may know no more than an older state does. What is
// the same keeps the engine's form; of an import it knows none.
func (k *Resource[In, Out]) drifted(inputs map[string]any, held In) (map[string]any, error) {
	if len(inputs) == 0 {
		return toMap(held)
	}
	in, problem := decode[In](inputs)
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
	return drifted, nil
}

// compareHeld compares inputs with those that are held, which it returns by
// their Pulumi names.
func (k *Resource[In, Out]) compareHeld(held, inputs In) (difference *pulumirpc.DiffResponse, actual map[string]any, err error) {
	if actual, err = toMap(held); err != nil {
		return nil, nil, err
	}
	known, err := toMap(inputs)
	if err != nil {
		return nil, nil, err
	}
	unify(k, known, actual)
	return compare(known, actual, k.properties().replaces), actual, nil
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

// equal compares archives by hash: old ones carry nothing else.
func equal(a, b any) bool {
	if x, ok := archiveHash(a); ok {
		y, ok := archiveHash(b)
		return ok && x == y
	}
	return reflect.DeepEqual(a, b)
}
