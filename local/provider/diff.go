package provider

import (
	"context"
	"maps"
	"reflect"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Diff compares the inputs of the last update with the new ones, property by
// property. Which changes replace the resource is said by the type's aws tags.
func (p *Provider) Diff(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	k, err := p.kind(r.Type, r.Urn)
	if err != nil {
		return nil, err
	}
	olds, news := r.OldInputs.AsMap(), r.News.AsMap()
	response := compare(olds, news, k.properties().replaces)
	// A name that the program gives is still taken while the old resource
	// stands, so that one has to go first.
	if name, _ := k.named(); name != "" && len(response.Replaces) > 0 {
		response.DeleteBeforeReplace = isGiven(news, name) && equal(olds[name], news[name])
	}
	return response, nil
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

// CheckConfig refuses a setting of the provider that the local cloud does not
// know.
func (p *Provider) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	news := r.News.AsMap()
	settings := &schema{fields: map[string]*schema{"version": {}}}
	for _, name := range p.o.Config {
		settings.fields[name] = &schema{}
	}
	return checked(news, settings.problems("", news))
}

// DiffConfig never replaces a provider: whatever its settings, it is this
// cloud.
func (p *Provider) DiffConfig(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return compare(r.OldInputs.AsMap(), r.News.AsMap(), nil), nil
}

// Configure hears the settings of one provider resource, which has a
// connection of its own.
func (p *Provider) Configure(ctx context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	if region, ok := r.Args.AsMap()["region"].(string); ok && region != unknownValue {
		connectionOf(ctx).setRegion(region)
	}
	return &pulumirpc.ConfigureResponse{SupportsPreview: true, SupportsAutonamingConfiguration: true}, nil
}
