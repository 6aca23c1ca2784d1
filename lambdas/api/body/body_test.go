package body_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"skiff/lambdas/api"
	"skiff/lambdas/api/body"
)

// order has a field of each kind that form names.
type order struct {
	Article string         `json:"article"`
	Count   int8           `json:"count"`
	Weight  uint8          `json:"weight"`
	Price   float64        `json:"price"`
	Express bool           `json:"express"`
	Tags    []string       `json:"tags"`
	To      *address       `json:"to"`
	Notes   map[string]any `json:"notes"`
	At      time.Time      `json:"at"`
}

type address struct {
	Street string `json:"street"`
}

func decode(text string) (order, error) {
	return body.Decode[order](api.Request{Body: text, Headers: map[string]string{"content-type": "application/json"}}, "an order")
}

func TestDecode(t *testing.T) {
	t.Parallel()
	got, err := decode(` {"article":"ink","count":-2,"weight":3,"price":1.5,"express":true,"tags":["a"],"to":{"street":"s"},"notes":{"n":1}} `)
	if err != nil || got.Article != "ink" || got.Count != -2 || got.Weight != 3 || got.Price != 1.5 || !got.Express || got.Tags[0] != "a" || got.To.Street != "s" || got.Notes["n"] != 1.0 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := decode(`{"article":null}`); err != nil || got.Article != "" || got.To != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func nested(levels int) string {
	return `{"notes":` + strings.Repeat(`{"n":`, levels-2) + "[]" + strings.Repeat("}", levels-2) + "}"
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "invalid_json: the body ends where an order should be",
		"[]":                          "invalid_body: the body is not a JSON object",
		`{"article":"a"`:              "invalid_json: the body is not JSON, at byte 14",
		`{"article":"a"} {}`:          "invalid_json: there is data after the object",
		`{"article":"a","article":1}`: "duplicate_key: a name appears twice in an object, at byte 15",
		"{\"article\":\"\xff\"}":      "invalid_utf8: the body is not UTF-8, at byte 12",
		`{"article":"\ud800"}`:        "invalid_unicode: half of a surrogate pair, at byte 12",
		`{"Article":"a"}`:             `unknown_field: the body has the unknown member "/Article"`,
		`{"to":{"city":"c"}}`:         `unknown_field: the body has the unknown member "/to/city"`,
		`{"article":1}`:               `validation: "/article" must be a string`,
		`{"count":"1"}`:               `validation: "/count" must be a whole number that fits`,
		`{"count":1.5}`:               `validation: "/count" must be a whole number that fits`,
		`{"count":128}`:               `validation: "/count" must be a whole number that fits`,
		`{"weight":-1}`:               `validation: "/weight" must be a whole number that fits, without a sign`,
		`{"price":"1"}`:               `validation: "/price" must be a number`,
		`{"express":1}`:               `validation: "/express" must be true or false`,
		`{"tags":"a"}`:                `validation: "/tags" must be an array`,
		`{"tags":[1]}`:                `validation: "/tags/0" must be a string`,
		`{"to":1}`:                    `validation: "/to" must be an object`,
		`{"at":"noon"}`:               `validation: "/at" must be a time, such as 2026-03-01T12:00:00Z`,
		`{"notes":1}`:                 `validation: "/notes" must be an object`,
		nested(33):                    "too_deep: the body has more than 32 levels",
	} {
		got, err := decode(text)
		var problem *api.Problem
		if !errors.As(err, &problem) || err.Error() != want || got.Article != "" {
			t.Errorf("%.60s: %v, want %s", text, err, want)
		}
	}
	if _, err := decode(nested(32)); err != nil {
		t.Errorf("32 levels: %v", err)
	}
	long := strings.Repeat("ä", 4000)
	if _, err := decode(`{"` + long + `":1}`); err == nil || len(err.Error()) > 300 || strings.Contains(err.Error(), `\x`) {
		t.Errorf("a long name: %v", err)
	}
	r := api.Request{Body: "{}", Headers: map[string]string{"content-type": "text/plain"}}
	var problem *api.Problem
	if _, err := body.Decode[order](r, "an order"); !errors.As(err, &problem) || problem.Code != api.UnsupportedMediaType {
		t.Errorf("%v", err)
	}
}

// For any body, Decode returns an order or a problem.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"to":{}}`, `{"count":1e0}`, `{"notes":{"a~/":[1e999]}}`, nested(33)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var problem *api.Problem
		if _, err := decode(text); err != nil && (!errors.As(err, &problem) || problem.Code == "") {
			t.Errorf("%q: %v", text, err)
		}
	})
}
