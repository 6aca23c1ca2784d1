package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newIndexHook returns a hook that checks an update of a table, in previews
// too. DynamoDB creates or deletes one index at a time, so an update of several
// would fail in the middle.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
func newIndexHook(ctx *pulumi.Context) (pulumi.ResourceOption, error) {
	return beforeUpdate(ctx, "one-index-at-a-time", func(args *pulumi.ResourceHookArgs) error {
		return checkIndexes(args.Name, indexes(args.OldInputs), indexes(args.NewInputs))
	})
}

// checkIndexes refuses a change of more than one index. An index whose
// properties change counts as two changes: DynamoDB deletes it and creates it
// again.
func checkIndexes(table string, old, next map[string]any) error {
	var changes []string
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if now, stays := next[name]; !stays {
			changes = append(changes, "delete "+name)
		} else if !reflect.DeepEqual(old[name], now) {
			changes = append(changes, "delete "+name, "make "+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(next)) {
		if _, was := old[name]; !was {
			changes = append(changes, "make "+name)
		}
	}
	if len(changes) > 1 {
		return fmt.Errorf("the table %s would change more than one index (%s), but DynamoDB changes one at a time: "+
			"split the change into several updates, and begin with a new index under a new name", table, strings.Join(changes, ", "))
	}
	return nil
}

// indexes returns a table's global secondary indexes by name.
func indexes(inputs resource.PropertyMap) map[string]any {
	byName := map[string]any{}
	list, _ := inputs.Mappable()["globalSecondaryIndexes"].([]any)
	for _, entry := range list {
		if index, ok := entry.(map[string]any); ok {
			delete(index, "__defaults")
			byName[fmt.Sprint(index["name"])] = index
		}
	}
	return byName
}
