package main

import "testing"

func TestShape(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"$default":                       "$default",
		"GET /items":                     "GET /items",
		"GET /items/{id}":                "GET /items/{}",
		"GET /items/{itemId}":            "GET /items/{}",
		"ANY /{proxy+}":                  "ANY /{+}", // matches more than {proxy}
		"PUT /a/{b}/c/{d}":               "PUT /a/{}/c/{}",
		"GET /files/{folder}/{path+}":    "GET /files/{}/{+}",
		"DELETE /items/{id}/parts/{id2}": "DELETE /items/{}/parts/{}",
	} {
		if got := shape(key); got != want {
			t.Errorf("%s has the shape %s, want %s", key, got, want)
		}
	}
}
