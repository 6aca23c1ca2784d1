package provider

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompleted(t *testing.T) {
	t.Parallel()
	type out struct {
		Where struct {
			Name   string `json:"name"`
			Target string `json:"target"`
		} `json:"where"`
		Made string `json:"made"`
	}
	s := schemaOf[out]()
	given := map[string]any{"where": map[string]any{"name": "b"}, "other": 1.0}
	want := map[string]any{"where": map[string]any{"name": "b", "target": unknownValue}, "other": 1.0}
	if diff := cmp.Diff(want, s.completed(given, nil)); diff != "" {
		t.Errorf("of a new one (-want +got):\n%s", diff)
	}
	want["where"].(map[string]any)["target"] = "t"
	if diff := cmp.Diff(want, s.completed(given, map[string]any{"where": map[string]any{"name": "a", "target": "t"}})); diff != "" {
		t.Errorf("of an old one (-want +got):\n%s", diff)
	}
	if _, touched := given["where"].(map[string]any)["target"]; touched {
		t.Error("the inputs are changed")
	}
}
