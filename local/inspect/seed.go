package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"skiff/local/aws/dynamodb"
)

// Seed maps table names to items in their plain form (see value.go).
type Seed map[string][]map[string]any

// ParseSeed parses {"TABLE": [item, ...], ...}. It refuses duplicate members.
func ParseSeed(data []byte) (Seed, error) {
	object, err := parseObject(data)
	if err != nil {
		return nil, err
	}
	seed := Seed{}
	for _, table := range slices.Sorted(maps.Keys(object)) {
		list, ok := object[table].([]any)
		if !ok {
			return nil, fmt.Errorf("%s must be a list of items: the form is {\"TABLE\": [{...}, ...]}", table)
		}
		seed[table] = []map[string]any{}
		for n, v := range list {
			item, ok := v.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("item %d of %s is not an object", n+1, table)
			}
			seed[table] = append(seed[table], item)
		}
	}
	return seed, nil
}

// parseObject parses an object and keeps its numbers exact.
func parseObject(data []byte) (map[string]any, error) {
	var v any
	exact := jsonv2.UnmarshalFromFunc(func(d *jsontext.Decoder, v *any) error {
		if d.PeekKind() != '0' {
			return errors.ErrUnsupported
		}
		n, err := d.ReadValue()
		*v = json.Number(n)
		return err
	})
	if err := jsonv2.Unmarshal(data, &v, jsonv2.WithUnmarshalers(exact)); err != nil {
		return nil, fmt.Errorf("the input is not JSON: %w", err)
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the input is not an object: the form is {\"TABLE\": [{...}, ...]}")
	}
	return object, nil
}

// Written is the number of items written into a table.
type Written struct {
	Table string // name in AWS
	Items int
}

// Put writes items in their plain form into a table, and replaces items with
// the same key. The table's stream gets the changes, as it does for writes of
// functions.
func (i *Inspector) Put(ctx context.Context, table string, items []map[string]any) (int, error) {
	written, err := i.Seed(ctx, Seed{table: items})
	if len(written) == 0 {
		return 0, err
	}
	return written[0].Items, err
}

// Seed calls Put for several tables. It checks all items before it writes any.
// If a write fails, it also returns what it wrote before the error.
func (i *Inspector) Seed(ctx context.Context, seed Seed) (written []Written, err error) {
	tables := map[string][]dynamodb.Item{}
	for _, name := range slices.Sorted(maps.Keys(seed)) {
		t, err := i.table(name)
		if err != nil {
			return nil, err
		}
		if _, twice := tables[t.Name]; twice {
			return nil, fmt.Errorf("%s is the table %s, which the input also has under another name", name, t.Name)
		}
		if tables[t.Name], err = t.items(seed[name]); err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		n, err := i.o.Tables.Put(ctx, name, tables[name])
		written = append(written, Written{name, n})
		if err != nil {
			return written, fmt.Errorf("table %s: after %d items: %w", name, n, err)
		}
	}
	return written, nil
}

// items converts plain items into items of the table, and returns an error for
// the first invalid one.
func (t Table) items(all []map[string]any) ([]dynamodb.Item, error) {
	var items []dynamodb.Item
	places := map[string]int{} // position of an item, by its key
	for n, m := range all {
		item, err := itemOf(m)
		if err == nil {
			err = t.check(item)
		}
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", n+1, err)
		}
		var key []any
		for _, name := range t.keys() {
			key = append(key, plain(item[name]))
		}
		text, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		if first, twice := places[string(text)]; twice {
			return nil, fmt.Errorf("items %d and %d have the same key %s", first, n+1, text)
		}
		places[string(text)] = n + 1
		items = append(items, item)
	}
	return items, nil
}

// check returns an error for an item that the table would refuse. Every key
// attribute, of the table or an index, must have the right type. The table's
// key must be there and not be empty.
func (t Table) check(item dynamodb.Item) error {
	for _, name := range t.keys() {
		if item[name] == nil {
			return fmt.Errorf("the key attribute %s is missing", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Attributes)) {
		v := item[name]
		if v == nil {
			continue
		}
		kind, empty := "", false
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			kind, empty = "S", v.Value == ""
		case *types.AttributeValueMemberN:
			kind = "N"
		case *types.AttributeValueMemberB:
			kind, empty = "B", len(v.Value) == 0
		}
		if kind != t.Attributes[name] {
			return fmt.Errorf("%s is a key and must be %s", name, typeName(t.Attributes[name]))
		}
		if empty {
			return fmt.Errorf("%s is a key and must not be empty", name)
		}
	}
	return nil
}

func typeName(kind string) string {
	switch kind {
	case "S":
		return "a string"
	case "N":
		return "a number"
	}
	return `binary: {"$binary": BASE64}`
}
