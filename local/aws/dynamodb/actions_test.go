package dynamodb

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
	"skiff/local/store"
)

func TestActions(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	const on = " arn:aws:dynamodb:eu-west-1:111111111111:table/items"
	reads := []string{"dynamodb:DescribeTable" + on, "dynamodb:DescribeContinuousBackups" + on, "dynamodb:DescribeTimeToLive" + on, "dynamodb:ListTagsOfResource" + on}
	plain := map[string]any{"name": "items", "billingMode": "PAY_PER_REQUEST", "hashKey": "id", "attributes": []any{map[string]any{"name": "id", "type": "S"}}}
	with := func(changes map[string]any) map[string]any {
		all := maps.Clone(plain)
		maps.Copy(all, changes)
		return all
	}
	ttl, recovery := map[string]any{"attributeName": "at", "enabled": true}, map[string]any{"enabled": true}
	whole := with(map[string]any{"ttl": ttl, "pointInTimeRecovery": recovery, "tags": map[string]any{"Team": "x"}})
	for _, test := range []struct {
		name            string
		created, update map[string]any
		create, changes []string
	}{
		{"plain, protected", plain, with(map[string]any{"deletionProtectionEnabled": true}), []string{"CreateTable"}, []string{"UpdateTable"}},
		{"whole, plain", whole, plain, []string{"TagResource", "CreateTable", "UpdateTimeToLive", "UpdateContinuousBackups"}, []string{"UntagResource", "UpdateTimeToLive", "UpdateContinuousBackups"}},
		{"a stream, another view", with(map[string]any{"streamEnabled": true, "streamViewType": "KEYS_ONLY"}), with(map[string]any{"streamEnabled": true, "streamViewType": "NEW_IMAGE"}), []string{"CreateTable"}, []string{"UpdateTable"}},
		{"recovery alone", plain, with(map[string]any{"pointInTimeRecovery": recovery}), []string{"CreateTable"}, []string{"UpdateContinuousBackups"}},
		{"settings that are off", with(map[string]any{"ttl": map[string]any{"enabled": false}, "pointInTimeRecovery": map[string]any{"enabled": false}}),
			with(map[string]any{"ttl": ttl, "pointInTimeRecovery": map[string]any{"enabled": false}}), []string{"CreateTable"}, []string{"UpdateTimeToLive"}},
	} {
		got := providertest.Asked(t, db, resourceType(New(db, nil)), test.created, test.update)
		want := map[provider.Verb][]string{
			provider.Create: append(lines(test.create, on), reads...),
			provider.Read:   reads,
			provider.Update: append(lines(test.changes, on), reads...),
			provider.Delete: {"dynamodb:DeleteTable" + on, "dynamodb:DescribeTable" + on},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.name, diff)
		}
	}
}

func lines(names []string, on string) (all []string) {
	for _, name := range names {
		all = append(all, "dynamodb:"+name+on)
	}
	return all
}
