package dynamodb

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestItemsForPeople checks that Scan pages through the items that Put wrote,
// each once, and that Count counts them.
func TestItemsForPeople(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	table := nameOf(t)
	f.declare(t, items(table))
	var all []Item
	for i := range 2*maxBatch + 3 {
		all = append(all, key(fmt.Sprint(i)))
	}
	if n, err := f.tables.Put(t.Context(), table, all); err != nil || n != len(all) {
		t.Fatalf("%d items are written, %v", n, err)
	}
	if n, err := f.tables.Count(t.Context(), table); err != nil || n != len(all) {
		t.Errorf("%d items are counted, %v", n, err)
	}
	seen := map[string]bool{}
	var start Item
	for pages := 1; ; pages++ {
		page, next, err := f.tables.Scan(t.Context(), table, 20, start)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page {
			seen[item["id"].(*types.AttributeValueMemberS).Value] = true
		}
		if start = next; start == nil {
			if pages != 3 || len(seen) != len(all) {
				t.Errorf("%d pages have %d items", pages, len(seen))
			}
			break
		}
	}
	described, err := f.tables.List()
	if err != nil || len(described) != 1 || described[0].HashKey != "id" || described[0].Attributes["status"] != "S" || described[0].Indexes[0] != "by-status" {
		t.Errorf("the table is %v, %v", described, err)
	}
	bad := []Item{{"other": &types.AttributeValueMemberS{Value: "x"}}}
	if n, err := f.tables.Put(t.Context(), table, bad); err == nil || n != 0 {
		t.Errorf("an item without its key: %d written, %v", n, err)
	}
}
