package items

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"skiff/lambdas/api"
)

const widget = `{"name":"widget","status":"active"}`

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

// decodeCase is a body and the code of its problem; an empty code means that
// the body is accepted.
type decodeCase struct {
	body string
	want api.Code
}

func checkDecode(t *testing.T, cases []decodeCase) {
	t.Helper()
	for _, c := range cases {
		_, err := DecodeDraft([]byte(c.body))
		var problem *api.Problem
		errors.As(err, &problem)
		if (c.want == "") != (err == nil) || (problem != nil && problem.Code != c.want) {
			t.Errorf("%.120q: %v, want %q", c.body, err, c.want)
		}
	}
}

func TestDecodeDraft(t *testing.T) {
	t.Parallel()
	checkDecode(t, []decodeCase{
		{`{"name":"a","status":"active"}`, ""},
		{" {\"status\":\"archived\",\n\"name\":\"a\"}\r\n\t", ""},
		{`{"name":"a","status":"active"} {}`, api.InvalidJSON},
		{`{"name":"a","status":"active"}x`, api.InvalidJSON},
		{`{"name":"a","status":"active"}"`, api.InvalidJSON},
		{`{"name":"a","status":"active",}`, api.InvalidJSON},
		{"\ufeff" + `{"name":"a","status":"active"}`, api.InvalidJSON},
		{"   ", api.InvalidJSON},
		{`{'name':"a"}`, api.InvalidJSON},
		{`{"name":"\x"}`, api.InvalidJSON},
		{`"a"`, api.InvalidBody},
		{`[{"name":"a","status":"active"}]`, api.InvalidBody},
		{`{"Name":"a","status":"active"}`, api.UnknownField},
		{`{"name":"a","status":"active","id":"x"}`, api.UnknownField},
		{`{"name":"a","":1}`, api.UnknownField},
		{`{"status":"active"}`, api.Validation},
		{`{"name":"a"}`, api.Validation},
		{`{"name":null,"status":"active"}`, api.Validation},
		{`{"name":" \t\u2003","status":"active"}`, api.Validation},
		{`{"name":"a\u0085","status":"active"}`, api.Validation},
		{`{"name":"` + strings.Repeat("é", 256) + `","status":"active"}`, ""},
		{`{"name":"a","status":"Active"}`, api.Validation},
		{`{"name":"a","status":"active","attributes":null}`, api.Validation},
		{`{"name":"a","status":"active","attributes":[]}`, api.Validation},
		{`{"name":"a","status":"active","ttl":null}`, api.Validation},
		{`{"name":"a","status":"active","ttl":1.9e9}`, api.Validation},
		{`{"name":"a","status":"active","ttl":-1}`, api.Validation},
		{`{"name":"a","status":"active","ttl":0}`, api.Validation},
		{`{"name":"a","status":"active","ttl":4102444800}`, api.Validation},
		{`{"name":"a","status":"active","ttl":4102444799}`, ""},
		{`{"name":"a","status":"active","ttl":99999999999999999999}`, api.Validation},
	})
}

func TestDecodeAttributes(t *testing.T) {
	t.Parallel()
	checkDecode(t, []decodeCase{
		{nested(32), ""},
		{nested(33), api.TooDeep},
		{attributes(strings.Repeat("[", 31) + strings.Repeat("]", 31)), ""},
		{attributes(strings.Repeat("[", 32) + strings.Repeat("]", 32)), api.TooDeep},
		{keysOf(99), ""},
		{keysOf(100), api.TooManyKeys},
		{attributes(`{"a":1,"b":{"a":2,"a":3}}`), api.DuplicateKey},
		{attributes(`{"":1}`), api.Validation},
		{attributes(`{"a":1,"\u0061":2}`), api.DuplicateKey},
		{attributes(`"\udc00"`), api.InvalidUnicode},
		{attributes(`"\ud83d\u0041"`), api.InvalidUnicode},
		{attributes(`{"\ud83d":1}`), api.InvalidUnicode},
		{attributes(`"\ud83d\ude00"`), ""},
		{attributes("\"\xed\xa0\x80\""), api.InvalidUTF8},
		{attributes("\"\xc0\xaf\""), api.InvalidUTF8},
		{attributes(`[1,]`), api.InvalidJSON},
		{attributes(`01`), api.InvalidJSON},
		{attributes(`Infinity`), api.InvalidJSON},
		{attributes(`9.9999999999999999999999999999999999999e125`), ""},
		{attributes(`1e-130`), ""},
		{attributes(`1e-131`), api.NumberRange},
		{attributes(`-1e126`), api.NumberRange},
		{attributes(`0e999999999999999999999`), ""},
		{attributes(`1e99999999999999999999`), api.NumberRange},
		{attributes(`1e-99999999999999999999`), api.NumberRange},
		{attributes("1" + strings.Repeat("0", 125)), ""},
		{attributes("1" + strings.Repeat("0", 126)), api.NumberRange},
		{attributes("0." + strings.Repeat("0", 200) + "1e200"), ""},
		{attributes(`12345678901234567890123456789012345678`), ""},
		{attributes(`1.23456789012345678901234567890123456789`), api.NumberRange},
	})
}

func TestFirstOffenceDecides(t *testing.T) {
	t.Parallel()
	checkDecode(t, []decodeCase{
		{`{"name":1,"name":2,"x"`, api.Validation},
		{`{"x":1,"name":1`, api.UnknownField},
		{`{"name":"a","status":"active","attributes":{"n":1e126,"n"` + "\xff", api.NumberRange},
		{`{"name":"a","status":"active","ttl":1` + "}\xff", api.InvalidJSON},
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
		draft, err := DecodeDraft(body)
		if err != nil {
			var problem *api.Problem
			if !errors.As(err, &problem) {
				t.Fatalf("%v", err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatal("DecodeDraft accepts a body that is not JSON")
		}
		shown, err := (&Item{ID: "x", Draft: draft}).MarshalJSON()
		if err != nil || !json.Valid(shown) {
			t.Fatalf("%v: %s", err, shown)
		}
		if len(shown) > 6*len(body)+200 {
			t.Fatalf("a body of %d bytes is shown with %d bytes", len(body), len(shown))
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(shown, &members); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"id", "version", "createdAt", "updatedAt"} {
			delete(members, name)
		}
		rest, _ := json.Marshal(members)
		again, err := DecodeDraft(rest)
		if err != nil {
			t.Fatalf("%v: %s", err, rest)
		}
		if diff := cmp.Diff(draft, again, attributeValues); diff != "" {
			t.Fatal(diff)
		}
		if rowSize((&Item{Draft: draft}).Row()) <= 0 {
			t.Fatal("no size")
		}
	})
}

var attributeValues = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{},
	types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberM{}, types.AttributeValueMemberL{})
