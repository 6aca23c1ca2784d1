package inspect_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/inspect"
)

// every is an item with each DynamoDB type.
const every = `{"id":"all","n":-1.50,"big":12345678901234567890123456789012345678,"yes":true,"none":null,"list":[1,"two",{"three":3}],` +
	`"map":{"$binary":"x","b":1},"odd":{"$map":{"$strings":["really"]}},"bytes":{"$binary":"AAEC"},"ss":{"$strings":["a","b"]},"ns":{"$numbers":[1,2.5]},"bs":{"$binaries":["AA==","AQ=="]},"empty":"","none of it":{}}`

// TestItems checks that items come back page by page as they were written, with
// exact numbers, in both forms.
func TestItems(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := f.Inspector()
	f.table("staging", "things")
	seed, err := inspect.ParseSeed([]byte(`{"things":[` + every + `,{"id":"1"},{"id":"2"},{"id":"3"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if written, err := in.Seed(t.Context(), seed); err != nil || len(written) != 1 || written[0] != (inspect.Written{Table: "staging-things", Items: 4}) {
		t.Fatalf("written %v, %v", written, err)
	}
	tables, err := in.Tables(t.Context())
	if err != nil || len(tables) != 1 || tables[0].Items != 4 || tables[0].Logical != "things" || tables[0].HashKey != "id" || tables[0].Stream != "NEW_IMAGE" {
		t.Errorf("tables %+v, %v", tables, err)
	}
	found := map[string]inspect.Item{}
	page := inspect.Page{Limit: 3}
	for n := 1; ; n++ {
		got, err := in.Items(t.Context(), "things", page)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range got.Items {
			found[item.Plain["id"].(string)] = item
		}
		if page.Start = got.Next; page.Start == "" {
			if n != 2 || len(found) != 4 {
				t.Errorf("%d pages have %d items", n, len(found))
			}
			break
		}
	}
	want, err := inspect.ParseSeed([]byte(`{"things":[` + every + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	// DynamoDB drops trailing zeros.
	want["things"][0]["n"] = json.Number("-1.5")
	if diff := cmp.Diff(want["things"][0], found["all"].Plain); diff != "" {
		t.Errorf("the item (- put, + got)\n%s", diff)
	}
	data, err := json.Marshal(found["all"].DynamoDB)
	for _, part := range []string{`"bytes":{"B":"AAEC"}`, `"n":{"N":"-1.5"}`, `"none":{"NULL":true}`, `"yes":{"BOOL":true}`, `"odd":{"M":{"$strings":{"L":[{"S":"really"}]}}}`, `"empty":{"S":""}`} {
		if err != nil || !strings.Contains(string(data), part) {
			t.Errorf("in DynamoDB's form it is %s, %v; want %s", data, err, part)
		}
	}
	for _, page := range []inspect.Page{{Limit: 0}, {Limit: 1001}, {Limit: 1, Start: "x"}} {
		if _, err := in.Items(t.Context(), "things", page); err == nil {
			t.Errorf("the page %v is taken", page)
		}
	}
}

// TestSeedRefused checks that a mistake anywhere in a seed stops all its
// writes.
func TestSeedRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := f.Inspector()
	f.table("staging", "a")
	f.table("staging", "b")
	for text, want := range map[string]string{
		`{"a":[{"id":"1"}],"b":[{"id":"1"},{"name":"x"}]}`:               "table staging-b: item 2: the key attribute id is missing",
		`{"a":[{"id":"1"}],"b":[{"id":2}]}`:                              "table staging-b: item 1: id is a key and must be a string",
		`{"a":[{"id":"1"}],"b":[{"id":""}]}`:                             "table staging-b: item 1: id is a key and must not be empty",
		`{"a":[{"id":"1"}],"b":[{"id":"1","n":"one"}]}`:                  "table staging-b: item 1: n is a key and must be a number",
		`{"a":[{"id":"1"}],"b":[{"id":"1"},{"id":"2"},{"id":"1"}]}`:      `table staging-b: items 1 and 3 have the same key ["1"]`,
		`{"a":[{"id":"1"}],"c":[]}`:                                      "there is no table c; there are staging-a, staging-b",
		`{"a":[{"id":"1"}],"staging-a":[]}`:                              "staging-a is the table staging-a, which the input also has under another name",
		`{"a":[{"id":"1","x":1e126}]}`:                                   "table staging-a: item 1: attribute x: the number 1e126 is too large or too small: DynamoDB accepts 1E-130 to 9.9…E+125",
		`{"a":[{"id":"1","x":123456789012345678901234567890123456789}]}`: "table staging-a: item 1: attribute x: the number 123456789012345678901234567890123456789 has more than 38 digits",
		`{"a":[{"id":"1","x":[{"$strings":[]}]}]}`:                       "table staging-a: item 1: attribute x: entry 0: $strings must be a list with at least one member, because it is a set",
		`{"a":[{"id":"1","x":{"$binary":"?"}}]}`:                         `table staging-a: item 1: attribute x: "?" is not base64: illegal base64 data at input byte 0`,
		`{"a":[{"id":"1","id":"2"}]}`:                                    "the input is not JSON",
		`{"a":{"id":"1"}}`:                                               `a must be a list of items: the form is {"TABLE": [{...}, ...]}`,
		`{"a":["x"]}`:                                                    "item 1 of a is not an object",
		`[]`:                                                             "the input is not an object",
		`{"a":`:                                                          "the input is not JSON",
	} {
		seed, err := inspect.ParseSeed([]byte(text))
		if err == nil {
			_, err = in.Seed(t.Context(), seed)
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	tables, err := in.Tables(t.Context())
	if err != nil || tables[0].Items+tables[1].Items > 0 {
		t.Errorf("something is written: %v, %v", tables, err)
	}
	var many []map[string]any
	for n := range 30 {
		many = append(many, map[string]any{"id": fmt.Sprint(n)})
	}
	if n, err := in.Put(t.Context(), "b", many); err != nil || n != 30 {
		t.Errorf("put %d, %v", n, err)
	}
}
