package dynamodb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	manyIndexes := func(in *Table) {
		in.GlobalSecondaryIndexes = nil
		for n := range maxIndexes + 1 {
			in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, Index{Name: fmt.Sprintf("index-%d", n), HashKey: "status", ProjectionType: "ALL"})
		}
	}
	tests := []struct {
		name   string
		change func(*Table)
		want   string // property: part of the reason; "" if it is accepted
	}{
		{"whole", func(*Table) {}, ""},
		{"provisioned", func(in *Table) { in.BillingMode, in.ReadCapacity, in.WriteCapacity = "", 1, 1 }, ""},
		{"local index", func(in *Table) {
			in.RangeKey, in.LocalSecondaryIndexes = "at", []LocalIndex{{Name: "local", RangeKey: "size", ProjectionType: "INCLUDE", NonKeyAttributes: []string{"x"}}}
			in.Attributes = append(in.Attributes, Attribute{"at", "N"}, Attribute{"size", "B"})
		}, ""},
		{"not known yet", func(in *Table) { *in = Table{BillingMode: "PAY_PER_REQUEST"} }, ""},
		{"hash key not known yet", func(in *Table) { in.HashKey = "" }, ""},
		{"attribute not known yet", func(in *Table) { in.Attributes[0].Name = "" }, ""},

		{"name", func(in *Table) { in.Name = "a b" }, "name: 3 to 255"},
		{"short name", func(in *Table) { in.Name = "ab" }, "name: 3 to 255"},
		{"billing", func(in *Table) { in.BillingMode = "FREE" }, `billingMode: "FREE" is neither`},
		{"capacity on demand", func(in *Table) { in.ReadCapacity = 1 }, "billingMode: has no readCapacity"},
		{"no capacity", func(in *Table) { in.BillingMode = "" }, "billingMode: the default, needs"},
		{"ttl without an attribute", func(in *Table) { in.TTL = &TTL{Enabled: true} }, "ttl.attributeName: is required"},
		{"recovery", func(in *Table) { in.PointInTimeRecovery = &Recovery{RecoveryPeriodInDays: 36} }, "pointInTimeRecovery.recoveryPeriodInDays: 1 to 35"},
		{"class", func(in *Table) { in.TableClass = "GOLD" }, `tableClass: "GOLD"`},
		{"indexes", manyIndexes, "globalSecondaryIndexes: 21 indexes; a table has at most 20"},
		{"attribute type", func(in *Table) { in.Attributes[0].Type = "BOOL" }, `attributes[0].type: "BOOL" is none of S, N, B`},
		{"attribute twice", func(in *Table) { in.Attributes = append(in.Attributes, Attribute{"id", "N"}) }, `attributes[2].name: "id" is declared twice`},
		{"range is hash", func(in *Table) { in.RangeKey = "id" }, `rangeKey: "id" is already the hash key`},
		{"key without a type", func(in *Table) { in.RangeKey = "at" }, `attributes: the key "at" is not among`},
		{"index key without a type", func(in *Table) { in.GlobalSecondaryIndexes[0].RangeKey = "at" }, `attributes: the key "at" is not among`},
		{"attribute that is no key", func(in *Table) { in.Attributes = append(in.Attributes, Attribute{"name", "S"}) }, `attributes: the attribute "name" is not a key`},
		{"index name", func(in *Table) { in.GlobalSecondaryIndexes[0].Name = "?" }, "globalSecondaryIndexes[0].name: 3 to 255"},
		{"index twice", func(in *Table) {
			in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, in.GlobalSecondaryIndexes[0])
		}, "globalSecondaryIndexes[1].name: is declared twice"},
		{"projection", func(in *Table) { in.GlobalSecondaryIndexes[0].ProjectionType = "SOME" }, `globalSecondaryIndexes[0].projectionType: "SOME"`},
		{"attributes with ALL", func(in *Table) { in.GlobalSecondaryIndexes[0].NonKeyAttributes = []string{"x"} }, "globalSecondaryIndexes[0].nonKeyAttributes: need the projection INCLUDE"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := items("items")
			test.change(&in)
			problems := check(in)
			property, reason, _ := strings.Cut(test.want, ": ")
			if test.want == "" && len(problems) == 0 {
				return
			}
			if len(problems) != 1 || problems[0].Property != property || !strings.Contains(problems[0].Reason, reason) {
				t.Errorf("problems %v, want %q", problems, test.want)
			}
		})
	}
}

// TestCreateAgain checks that creating a table again, after a crash before its
// record was written, succeeds and keeps its items.
func TestCreateAgain(t *testing.T) {
	t.Parallel()
	name := nameOf(t)
	f := newFixture(t, allow(`"dynamodb:*"`, name))
	f.declare(t, items(name))
	if _, err := f.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: key("1")}); err != nil {
		t.Fatal(err)
	}
	reordered := items(name)
	reordered.Attributes[0], reordered.Attributes[1] = reordered.Attributes[1], reordered.Attributes[0]
	if err := f.create(t, reordered); err != nil {
		t.Fatal(err)
	}
	got, err := f.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &name, Key: key("1")})
	if err != nil || got.Item == nil {
		t.Errorf("the item: %v, %v", got, err)
	}
	for what, change := range map[string]func(*Table){
		"another hash key": func(in *Table) { in.HashKey, in.Attributes[0].Name = "other", "other" },
		"another type":     func(in *Table) { in.Attributes[0].Type = "N" },
		"another index":    func(in *Table) { in.GlobalSecondaryIndexes[0].Name = "other" },
		"a projection":     func(in *Table) { in.GlobalSecondaryIndexes[0].ProjectionType = "KEYS_ONLY" },
	} {
		in := items(name)
		change(&in)
		if err := f.create(t, in); err == nil || !strings.Contains(err.Error(), "ResourceInUseException: a table "+name+" already exists, with other keys or indexes") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	name := nameOf(t)
	f := newFixture(t, "")
	in := items(name)
	f.declare(t, in)
	remove := func() error {
		return f.tables.delete(t.Context(), provider.Call{}, store.Record[Table]{ID: name, Inputs: in})
	}
	in.DeletionProtectionEnabled = true
	if err := remove(); err == nil || !strings.Contains(err.Error(), "table "+name+" is protected against deletion: turn deletionProtectionEnabled off first") {
		t.Errorf("a protected table: %v", err)
	}
	in.DeletionProtectionEnabled = false
	for range 2 { // the second time it is already gone
		if err := remove(); err != nil {
			t.Fatal(err)
		}
	}
	client, err := f.tables.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &name}); err == nil || !strings.Contains(err.Error(), "ResourceNotFound") {
		t.Errorf("scan of a deleted table: %v", err)
	}
}

// TestLocalIndex creates a table with every kind of key.
func TestLocalIndex(t *testing.T) {
	t.Parallel()
	name := nameOf(t)
	f := newFixture(t, "")
	in := items(name)
	in.RangeKey = "at"
	in.Attributes = append(in.Attributes, Attribute{"at", "N"}, Attribute{"size", "B"})
	in.LocalSecondaryIndexes = []LocalIndex{{Name: "local", RangeKey: "size", ProjectionType: "INCLUDE", NonKeyAttributes: []string{"y", "x"}}}
	f.declare(t, in)
	if err := f.create(t, in); err != nil {
		t.Errorf("created again: %v", err)
	}
	client, err := f.tables.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Table.LocalSecondaryIndexes) != 1 || len(d.Table.KeySchema) != 2 || d.Table.TableStatus != types.TableStatusActive {
		t.Errorf("table %+v", d.Table)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	describe := resourceType(f.tables).Describe
	out := describe(store.Record[Table]{ID: "items", Account: account, Region: region, Inputs: Table{ReadCapacity: 1, WriteCapacity: 2}})
	if out.ARN != "arn:aws:dynamodb:eu-west-1:111111111111:table/items" || out.BillingMode != "PROVISIONED" || out.WriteCapacity != 2 {
		t.Errorf("described as %+v", out)
	}
}
