package dynamodb

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"skiff/local/process/dynoxide"
	"skiff/local/process/npm"
)

// with returns items(name) with a change.
func with(name string, change func(*Table)) Table {
	in := items(name)
	change(&in)
	return in
}

// addIndex adds an index and its attribute.
func addIndex(in *Table, name, attribute string) {
	in.Attributes = append(in.Attributes, Attribute{attribute, "S"})
	in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, Index{Name: name, HashKey: attribute, ProjectionType: "ALL"})
}

// fill writes n items. Each has a value for every attribute that a test's index
// uses.
func (f *fixture) fill(t *testing.T, table string, n int) {
	t.Helper()
	client, err := f.tables.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < n; from += 25 {
		var writes []types.WriteRequest
		for i := from; i < min(from+25, n); i++ {
			item := key(fmt.Sprint(i))
			for _, attribute := range []string{"status", "owner", "kind"} {
				item[attribute] = &types.AttributeValueMemberS{Value: "x"}
			}
			writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
		}
		if _, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: writes}}); err != nil {
			t.Fatal(err)
		}
	}
}

// counts returns the number of items in the table and in each index. The names
// of the indexes include their keys.
func (f *fixture) counts(t *testing.T, table string) map[string]int {
	t.Helper()
	client, err := f.tables.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := waitActive(t.Context(), client, table)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{"table": f.count(t, table, nil)}
	for _, i := range d.GlobalSecondaryIndexes {
		var keys []string
		for _, k := range i.KeySchema {
			keys = append(keys, *k.AttributeName)
		}
		counts[*i.IndexName+" by "+strings.Join(keys, ",")] = f.count(t, table, i.IndexName)
	}
	return counts
}

func (f *fixture) count(t *testing.T, table string, index *string) int {
	t.Helper()
	client, err := f.tables.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table, IndexName: index})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		total += int(page.Count)
	}
	return total
}

// TestUpdate checks that an update of a table keeps its items, and that each
// index contains all of them. Each case starts from items(name).
func TestUpdate(t *testing.T) {
	t.Parallel()
	before := map[string]int{"table": 30, "by-status by status": 30}
	tests := []struct {
		name    string
		change  func(*Table)
		want    map[string]int
		refused string // part of the error; "" if the update is accepted
	}{
		{"nothing", func(*Table) {}, before, ""},
		{"ttl", func(in *Table) { in.TTL = &TTL{AttributeName: "ttl", Enabled: true} }, before, ""},
		{"order", func(in *Table) { in.Attributes[0], in.Attributes[1] = in.Attributes[1], in.Attributes[0] }, before, ""},
		{"protected", func(in *Table) { in.DeletionProtectionEnabled = true }, before, ""},
		{"capacity", func(in *Table) { in.GlobalSecondaryIndexes[0].ReadCapacity = 5 }, before, ""},
		{"index created", func(in *Table) { addIndex(in, "by-owner", "owner") },
			map[string]int{"table": 30, "by-status by status": 30, "by-owner by owner": 30}, ""},
		{"index gone", func(in *Table) { in.GlobalSecondaryIndexes, in.Attributes = nil, in.Attributes[:1] },
			map[string]int{"table": 30}, ""},
		{"indexes created", func(in *Table) { addIndex(in, "by-owner", "owner"); addIndex(in, "by-kind", "kind") },
			before, "create by-kind, create by-owner"},
		{"index renamed", func(in *Table) { in.GlobalSecondaryIndexes[0].Name = "other" }, before, "delete by-status, create other"},
		{"index key", func(in *Table) { in.GlobalSecondaryIndexes[0].RangeKey = "id" }, before, "delete by-status, create by-status"},
		{"projection", func(in *Table) { in.GlobalSecondaryIndexes[0].ProjectionType = "KEYS_ONLY" }, before, "delete by-status, create by-status"},
		{"attribute", func(in *Table) { in.Attributes[1].Type = "N" }, before, "delete by-status, create by-status"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := nameOf(t)
			f := newFixture(t, "")
			f.declare(t, items(name))
			f.fill(t, name, 30)
			for _, again := range []bool{false, true} { // the second time as after a crash before the record was written
				err := f.update(t.Context(), t, with(name, test.change))
				want := "LimitExceededException: only 1 online index can be created or deleted simultaneously per table; table " + name + " needs more (" + test.refused + ")"
				if (err == nil) != (test.refused == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
					t.Fatalf("again %v: %v", again, err)
				}
				if diff := cmp.Diff(test.want, f.counts(t, name)); diff != "" {
					t.Errorf("again %v: items (-want +got):\n%s", again, diff)
				}
			}
		})
	}
}

// TestUpdateTable checks that updateTable handles an engine that differs from
// the inputs by several indexes.
func TestUpdateTable(t *testing.T) {
	t.Parallel()
	name := nameOf(t)
	f := newFixture(t, "")
	f.declare(t, with(name, func(in *Table) { addIndex(in, "gone", "kind") }))
	f.fill(t, name, 30)
	client, err := f.tables.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := updateTable(t.Context(), client, with(name, func(in *Table) {
		in.GlobalSecondaryIndexes[0].RangeKey = "id"
		addIndex(in, "by-owner", "owner")
		addIndex(in, "other", "kind")
	})); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"table": 30, "by-status by status,id": 30, "by-owner by owner": 30, "other by kind": 30}
	if diff := cmp.Diff(want, f.counts(t, name)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

func TestUpdateOfKeys(t *testing.T) {
	t.Parallel()
	name := nameOf(t)
	f := newFixture(t, "")
	f.declare(t, items(name))
	err := f.update(t.Context(), t, with(name, func(in *Table) { in.Attributes[0].Type = "N" }))
	if err == nil || !strings.Contains(err.Error(), "ValidationException: table "+name+" has other keys") {
		t.Errorf("another type of the hash key: %v", err)
	}
}

// ownEngine starts a separate engine for this test with the data at path.
func (f *fixture) ownEngine(t *testing.T, path string) *dynoxide.Server {
	t.Helper()
	cache, err := npm.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := dynoxide.Install(t.Context(), cache, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	server, err := dynoxide.Start(t.Context(), dynoxide.Options{Binary: binary, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	f.tables.engine = func(context.Context) (string, error) { return server.URL(), nil }
	return server
}

func (f *fixture) restore(t *testing.T, server *dynoxide.Server) (created []string) {
	t.Helper()
	created, err := f.tables.Restore(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// TestRestore checks that Restore creates lost tables, without items.
func TestRestore(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.ownEngine(t, "")
	declared := with("first", func(in *Table) { in.TTL = &TTL{AttributeName: "ttl", Enabled: true} })
	f.declare(t, declared)
	f.declare(t, items("second"))
	server := f.ownEngine(t, "")
	if created := f.restore(t, server); !slices.Equal(created, []string{"first", "second"}) {
		t.Errorf("created %v", created)
	}
	f.fill(t, "first", 3)
	if diff := cmp.Diff(map[string]int{"table": 3, "by-status by status": 3}, f.counts(t, "first")); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if created := f.restore(t, server); len(created) > 0 {
		t.Errorf("created again: %v", created)
	}
	if got := f.count(t, "first", nil); got != 3 {
		t.Errorf("%d items after another start", got)
	}
}

// TestKilledUpdate kills the engine while it builds an index. After a restart,
// the table matches its record, and the same update succeeds.
func TestKilledUpdate(t *testing.T) {
	t.Parallel()
	const table, n = "items", 500
	f := newFixture(t, "")
	path := filepath.Join(t.TempDir(), "items.db")
	server := f.ownEngine(t, path)
	f.declare(t, items(table))
	f.fill(t, table, n)
	change := with(table, func(in *Table) { addIndex(in, "by-owner", "owner") })
	for _, delay := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128} {
		ended := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { ended <- f.update(ctx, t, change) }()
		time.Sleep(delay * time.Millisecond)
		server.Kill()
		cancel() // stops the retries
		t.Logf("killed after %d ms, the update: %v", delay, <-ended)

		server = f.ownEngine(t, path)
		if created := f.restore(t, server); len(created) > 0 {
			t.Errorf("killed after %d ms: created %v", delay, created)
		}
		if diff := cmp.Diff(map[string]int{"table": n, "by-status by status": n}, f.counts(t, table)); diff != "" {
			t.Errorf("killed after %d ms: items (-want +got):\n%s", delay, diff)
		}
	}
	if err := f.update(t.Context(), t, change); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"table": n, "by-status by status": n, "by-owner by owner": n}
	if diff := cmp.Diff(want, f.counts(t, table)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}
