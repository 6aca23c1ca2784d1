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

// newIndexHook looks at a change of the table before it is made, in previews
// too. DynamoDB makes or deletes one index at a time: an update with more of
// them fails half way.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
func newIndexHook(ctx *pulumi.Context) (pulumi.ResourceOption, error) {
	return beforeUpdate(ctx, "one-index-at-a-time", func(args *pulumi.ResourceHookArgs) error {
		return checkIndexes(args.Name, indexes(args.OldInputs), indexes(args.NewInputs))
	})
}

// checkIndexes refuses more than one index that is made or deleted. One that
// changes is deleted and made again.
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
		return fmt.Errorf("the table %s would change more than one index (%s), and DynamoDB changes one at a time: "+
			"make the change in several updates, a new index under a new name first", table, strings.Join(changes, ", "))
	}
	return nil
}

// indexes are a table's global secondary indexes, by name.
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
