package provider

import (
	"context"
	"maps"
	"reflect"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// The input with a resource's tags, and the output with all tags, default tags
// included.
const (
	tagsKey    = "tags"
	tagsAllKey = "tagsAll"
)

// tagsAll returns the tags of a resource: the provider's default tags,
// overridden by the resource's tags. It leaves out unknown tags.
func tagsAll(defaults map[string]string, inputs map[string]any) map[string]string {
	all := map[string]string{}
	maps.Copy(all, defaults)
	own, _ := inputs[tagsKey].(map[string]any)
	for name, value := range own {
		if text, ok := value.(string); ok {
			all[name] = text
		}
	}
	return all
}

// tagsOf returns the output tagsAll for a preview, or nil if the type has no
// tags.
func (p *Provider) tagsOf(ctx context.Context, k *kind, inputs map[string]any) map[string]any {
	if !k.taggable() {
		return nil
	}
	if inputs[tagsKey] == unknownValue {
		return unknown([]string{tagsAllKey})
	}
	return map[string]any{tagsAllKey: anyMap(tagsAll(connectionOf(ctx).scope().tags, inputs))}
}

// compareTags adds changed tags to a comparison. A changed default tag is a
// change of every resource, although no input changes.
func compareTags(response *pulumirpc.DiffResponse, outputs map[string]any, want map[string]string) {
	have, _ := outputs[tagsAllKey].(map[string]any)
	if slices.Contains(response.Diffs, tagsKey) || len(have) == 0 && len(want) == 0 || reflect.DeepEqual(have, anyMap(want)) {
		return
	}
	response.Changes = pulumirpc.DiffResponse_DIFF_SOME
	response.Diffs = append(response.Diffs, tagsAllKey)
	response.DetailedDiff[tagsAllKey] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_UPDATE}
}

func anyMap(m map[string]string) map[string]any {
	values := make(map[string]any, len(m))
	for name, value := range m {
		values[name] = value
	}
	return values
}
