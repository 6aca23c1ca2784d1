package inspect

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"skiff/local/aws/dynamodb"
)

// Table is a DynamoDB table.
type Table struct {
	Ref
	HashKey, RangeKey string            // RangeKey is "" if the table has none
	Attributes        map[string]string // types (S, N or B) of all key attributes, of the table and its indexes
	Indexes           []string
	TTL               string // attribute; "" for none
	Stream            string // view type; "" for none
	Items             int
}

// Item is an item of a table, in two forms.
type Item struct {
	Plain    map[string]any // for people; see value.go for types that JSON lacks
	DynamoDB map[string]any // {"id": {"S": "a"}}
}

// Page selects a page of a table's items.
type Page struct {
	Limit int    // maximum number of items
	Start string // Next of the previous page; "" for the first
}

// ItemPage is a page of a table's items.
type ItemPage struct {
	Table Ref
	Keys  []string // attributes of the table's key
	Items []Item
	Next  string // Start of the next page; "" for the last page
}

// Tables returns all tables with their item counts, sorted by name.
func (i *Inspector) Tables(ctx context.Context) ([]Table, error) {
	tables, err := i.tables()
	if err != nil {
		return nil, err
	}
	for n := range tables {
		if tables[n].Items, err = i.o.Tables.Count(ctx, tables[n].Name); err != nil {
			return nil, fmt.Errorf("table %s: %w", tables[n].Name, err)
		}
	}
	return tables, nil
}

func (i *Inspector) tables() ([]Table, error) {
	all, err := i.o.Tables.List()
	if err != nil {
		return nil, err
	}
	tables := make([]Table, 0, len(all))
	for _, d := range all {
		tables = append(tables, Table{
			Ref: newRef(d.Name, d.ARN, d.URN), HashKey: d.HashKey, RangeKey: d.RangeKey, Attributes: d.Attributes,
			Indexes: d.Indexes, TTL: d.TTL, Stream: d.Stream,
		})
	}
	return tables, nil
}

// table returns the table that name refers to: see pick.
func (i *Inspector) table(name string) (Table, error) {
	all, err := i.tables()
	if err != nil {
		return Table{}, err
	}
	return pick("table", name, i.o.Stack, all)
}

func (t Table) keys() []string {
	if t.RangeKey == "" {
		return []string{t.HashKey}
	}
	return []string{t.HashKey, t.RangeKey}
}

// maxPage is the maximum number of items of a page.
const maxPage = 1000

// Items returns a page of a table's items, in the order of a Scan.
func (i *Inspector) Items(ctx context.Context, table string, page Page) (ItemPage, error) {
	t, err := i.table(table)
	if err != nil {
		return ItemPage{}, err
	}
	if page.Limit < 1 || page.Limit > maxPage {
		return ItemPage{}, fmt.Errorf("a page has 1 to %d items, not %d", maxPage, page.Limit)
	}
	start, err := startOf(page.Start)
	if err != nil {
		return ItemPage{}, err
	}
	items, next, err := i.o.Tables.Scan(ctx, t.Name, page.Limit, start)
	if err != nil {
		return ItemPage{}, fmt.Errorf("table %s: %w", t.Name, err)
	}
	p := ItemPage{Table: t.Ref, Keys: t.keys(), Items: make([]Item, 0, len(items))}
	for _, item := range items {
		p.Items = append(p.Items, Item{plainItem(item), dynamoItem(item)})
	}
	if len(next) > 0 {
		data, err := json.Marshal(plainItem(next))
		if err != nil {
			return ItemPage{}, err
		}
		p.Next = base64.RawURLEncoding.EncodeToString(data)
	}
	return p, nil
}

// startOf parses the key that a page starts after.
func startOf(text string) (dynamodb.Item, error) {
	if text == "" {
		return nil, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		var key map[string]any
		if key, err = parseObject(data); err == nil {
			return itemOf(key)
		}
	}
	return nil, errors.New("the start of the page must come from the previous page")
}
