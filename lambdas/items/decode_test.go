package items

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func nested(levels int) string {
	return `{"name":"a","status":"active","attributes":` + strings.Repeat(`{"d":`, levels-1) + "{}" + strings.Repeat("}", levels)
}

func keysOf(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = `"k` + strings.Repeat("x", i) + `":[]`
	}
	return `{"name":"a","status":"active","attributes":{"nest":{` + strings.Join(keys, ",") + "}}}"
}

func attributes(value string) string {
	return `{"name":"a","status":"active","attributes":{"v":` + value + "}}"
}

func TestDecodeDraft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		want Code // empty: accepted
	}{
		{`{"name":"a","status":"active"}`, ""},
		{" {\"status\":\"archived\",\n\"name\":\"a\"}\r\n\t", ""},
		{`{"name":"a","status":"active"} {}`, InvalidJSON},
		{`{"name":"a","status":"active"}x`, InvalidJSON},
		{`{"name":"a","status":"active"}"`, InvalidJSON},
		{`{"name":"a","status":"active",}`, InvalidJSON},
		{"\ufeff" + `{"name":"a","status":"active"}`, InvalidJSON},
		{"   ", InvalidJSON},
		{`{'name':"a"}`, InvalidJSON},
		{`{"name":"\x"}`, InvalidJSON},
		{`"a"`, InvalidBody},
		{`[{"name":"a","status":"active"}]`, InvalidBody},
		{`{"Name":"a","status":"active"}`, UnknownField},
		{`{"name":"a","status":"active","id":"x"}`, UnknownField},
		{`{"name":"a","":1}`, UnknownField},
		{`{"status":"active"}`, Validation},
		{`{"name":"a"}`, Validation},
		{`{"name":null,"status":"active"}`, Validation},
		{`{"name":" \t\u2003","status":"active"}`, Validation},
		{`{"name":"a\u0085","status":"active"}`, Validation},
		{`{"name":"` + strings.Repeat("é", 256) + `","status":"active"}`, ""},
		{`{"name":"a","status":"Active"}`, Validation},
		{`{"name":"a","status":"active","attributes":null}`, Validation},
		{`{"name":"a","status":"active","attributes":[]}`, Validation},
		{`{"name":"a","status":"active","ttl":null}`, Validation},
		{`{"name":"a","status":"active","ttl":1.9e9}`, Validation},
		{`{"name":"a","status":"active","ttl":-1}`, Validation},
		{`{"name":"a","status":"active","ttl":0}`, Validation},
		{`{"name":"a","status":"active","ttl":4102444800}`, Validation},
		{`{"name":"a","status":"active","ttl":4102444799}`, ""},
		{`{"name":"a","status":"active","ttl":99999999999999999999}`, Validation},
		{nested(32), ""},
		{nested(33), TooDeep},
		{attributes(strings.Repeat("[", 31) + strings.Repeat("]", 31)), ""},
		{attributes(strings.Repeat("[", 32) + strings.Repeat("]", 32)), TooDeep},
		{keysOf(99), ""},
		{keysOf(100), TooManyKeys},
		{attributes(`{"a":1,"b":{"a":2,"a":3}}`), DuplicateKey},
		{attributes(`{"":1}`), Validation},
		{attributes(`{"a":1,"\u0061":2}`), DuplicateKey},
		{attributes(`"\udc00"`), InvalidUnicode},
		{attributes(`"\ud83d\u0041"`), InvalidUnicode},
		{attributes(`{"\ud83d":1}`), InvalidUnicode},
		{attributes(`"\ud83d\ude00"`), ""},
		{attributes("\"\xed\xa0\x80\""), InvalidUTF8},
		{attributes("\"\xc0\xaf\""), InvalidUTF8},
		{attributes(`[1,]`), InvalidJSON},
		{attributes(`01`), InvalidJSON},
		{attributes(`Infinity`), InvalidJSON},
		{attributes(`9.9999999999999999999999999999999999999e125`), ""},
		{attributes(`1e-130`), ""},
		{attributes(`1e-131`), NumberRange},
		{attributes(`-1e126`), NumberRange},
		{attributes(`0e999999999999999999999`), ""},
		{attributes(`1e99999999999999999999`), NumberRange},
		{attributes(`1e-99999999999999999999`), NumberRange},
		{attributes("1" + strings.Repeat("0", 125)), ""},
		{attributes("1" + strings.Repeat("0", 126)), NumberRange},
		{attributes("0." + strings.Repeat("0", 200) + "1e200"), ""},
		{attributes(`12345678901234567890123456789012345678`), ""},
		{attributes(`1.23456789012345678901234567890123456789`), NumberRange},
		// The first offence met decides.
		{`{"name":1,"name":2,"x"`, Validation},
		{`{"x":1,"name":1`, UnknownField},
		{`{"name":"a","status":"active","attributes":{"n":1e126,"n"` + "\xff", NumberRange},
		{`{"name":"a","status":"active","ttl":1` + "}\xff", InvalidJSON},
	} {
		_, err := decodeDraft([]byte(c.body))
		var problem *Problem
		errors.As(err, &problem)
		if (c.want == "") != (err == nil) || (problem != nil && problem.Code != c.want) {
			t.Errorf("%.120q: %v, want %q", c.body, err, c.want)
		}
	}
}

func TestNumbersKeepTheirValue(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"0": "0", "-0": "0", "0.0e5": "0", "1.0": "1", "100": "100", "1e2": "100", "-1.50E+1": "-15",
		"0.1": "0.1", "1e-7": "1e-7", "0.000001": "0.000001", "1e20": "100000000000000000000", "1e21": "1e21",
		"12345678901234567890123456789012345678":   "1.2345678901234567890123456789012345678e37",
		"0.30000000000000000000000000000000000004": "0.30000000000000000000000000000000000004",
	} {
		d, fits := parseDecimal(number)
		if !fits || d.String() != want {
			t.Errorf("%s is %s, %v; want %s", number, d, fits, want)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0", "-0.00", "1e125", "123.4500e-3", "99999999999999999999999999999999999999", "1E-130", "5e+20"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, number string) {
		if !json.Valid([]byte(number)) || strings.Trim(number, "+-.eE0123456789") != "" {
			return
		}
		d, fits := parseDecimal(number)
		if !fits {
			return
		}
		want, ok := new(big.Rat).SetString(number)
		got, ok2 := new(big.Rat).SetString(d.String())
		if ok && (!ok2 || want.Cmp(got) != 0) {
			t.Errorf("%s became %s", number, d)
		}
		if !json.Valid([]byte(d.String())) || len(d.String()) > len("-0.00000")+maxDigits {
			t.Errorf("%s became %s", number, d)
		}
	})
}

func FuzzDecodeDraft(f *testing.F) {
	for _, seed := range []string{
		widget, nested(3), nested(33), keysOf(2), attributes(`[1.50,"\u00e9",true,null,{"x":-0}]`),
		attributes(`"\ud800"`), `{"name":"a","name":"b"}`, "{\"name\":\"\xff", `{"name":"a","status":"done","ttl":1900000000}`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		draft, err := decodeDraft(body)
		if err != nil {
			var problem *Problem
			if !errors.As(err, &problem) || problem.Code.status() != 400 {
				t.Fatalf("%v", err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatal("accepted what is not JSON")
		}
		shown, err := (&Item{ID: "x", Draft: draft}).appendJSON(nil)
		if err != nil || !json.Valid(shown) {
			t.Fatalf("%v: %s", err, shown)
		}
		if len(shown) > 6*len(body)+200 {
			t.Fatalf("%d bytes became %d", len(body), len(shown))
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(shown, &members); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"id", "version", "createdAt", "updatedAt"} {
			delete(members, name)
		}
		rest, _ := json.Marshal(members)
		again, err := decodeDraft(rest)
		if err != nil {
			t.Fatalf("%v: %s", err, rest)
		}
		if diff := cmp.Diff(draft, again, attributeValues); diff != "" {
			t.Fatal(diff)
		}
		if rowSize((&Item{Draft: draft}).row()) <= 0 {
			t.Fatal("no size")
		}
	})
}

var attributeValues = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{},
	types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberM{}, types.AttributeValueMemberL{})

func FuzzCursor(f *testing.F) {
	key := []byte(strings.Repeat("k", keyBytes))
	good := seal(key, "active\n2026-01-01T00:00:00.000000Z\nid")
	api := offline(func(string) string {
		return `{"Item":{"id":{"S":"cursor#key"},"key":{"B":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}}}`
	})
	f.Add(good, "active")
	f.Add(good, "done")
	f.Add(good+"=", "active")
	f.Add(good+"A", "active")
	f.Add("", "active")
	f.Add(strings.Repeat("A", 44), "")
	f.Fuzz(func(t *testing.T, cursor, status string) {
		position, err := api.Store.position(t.Context(), api.Random, cursor, status)
		if (err == nil) != (cursor == good && status == "active") {
			t.Errorf("%q for %q: %v, %v", cursor, status, position, err)
		}
		var problem *Problem
		if err != nil && (!errors.As(err, &problem) || problem.Code != InvalidCursor) {
			t.Error(err)
		}
	})
}

func FuzzEvent(f *testing.F) {
	const row = `{"id":{"S":"x"},"name":{"S":"n"},"status":{"S":"done"},"createdAt":{"S":"t"},"updatedAt":{"S":"t"},"version":{"N":"3"}}`
	api := offline(func(action string) string {
		switch action {
		case "GetItem":
			return `{"Item":` + row + `}`
		case "UpdateItem":
			return `{"Attributes":` + row + `}`
		case "Query":
			return `{"Items":[` + row + `]}`
		}
		return `{}`
	})
	routes := []Route{Create, Get, List, Update, Delete, Health}
	f.Add(0, widget, false, "application/json", "", "", "", "", "/staging/items/")
	f.Add(0, "eyJ9", true, "application/json; charset=UTF-8", "gzip", "k", "", "", "")
	f.Add(1, "", false, "", "", "", "../x", "", "/items/x")
	f.Add(2, "", false, "", "", "", "active", "100", "/items")
	f.Add(3, widget, false, "application/json;charset", "identity", `"3"`, "x", "", "/items/x")
	f.Add(4, "", true, "", "", "*", "x", "", "")
	f.Add(5, "", false, "", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, route int, body string, encoded bool, contentType, encoding, condition, id, limit, path string) {
		r := Request{
			Body: body, IsBase64Encoded: encoded, RawPath: path,
			Headers:               map[string]string{"content-type": contentType, "content-encoding": encoding, "If-Match": condition},
			PathParameters:        map[string]string{"id": id},
			QueryStringParameters: map[string]string{"status": id, "limit": limit},
		}
		if condition != "" {
			r.Headers["Idempotency-Key"] = condition
		}
		got, err := api.Handler(routes[uint(route)%uint(len(routes))])(t.Context(), r)
		if err != nil || got.StatusCode < 200 || got.StatusCode/100 == 3 || got.StatusCode >= 500 {
			t.Fatalf("%v %d %s", err, got.StatusCode, got.Body)
		}
		if got.Body != "" && !json.Valid([]byte(got.Body)) {
			t.Fatalf("not JSON: %q", got.Body)
		}
		for name, value := range got.Headers {
			if strings.ContainsAny(value, "\r\n\x00") {
				t.Fatalf("%s is %q", name, value)
			}
		}
	})
}
