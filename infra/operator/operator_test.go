package operator

import (
	"errors"
	"strings"
	"testing"

	"skiff/infra/operator/operatortest"
)

func TestSecret(t *testing.T) {
	operatortest.Serve(t, map[string]string{"full": "value", "empty": ""})
	read := func(name string) (string, error) {
		s, err := OpenSecret(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return s.Value(t.Context())
	}
	if value, err := read("full"); value != "value" || err != nil {
		t.Errorf("full: %q, %v", value, err)
	}
	if _, err := read("empty"); !errors.Is(err, ErrNoValue) {
		t.Errorf("empty: %v", err)
	}
	if _, err := read("absent"); err == nil || errors.Is(err, ErrNoValue) || !strings.Contains(err.Error(), "there is no secret absent in this account and region; the output secretNames") {
		t.Errorf("absent: %v", err)
	}
	empty, err := OpenSecret(t.Context(), "empty")
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.SetValue(t.Context(), "now"); err != nil {
		t.Fatal(err)
	}
	if value, err := read("empty"); value != "now" || err != nil {
		t.Errorf("after SetValue: %q, %v", value, err)
	}
	t.Setenv("AWS_REGION", "")
	if _, err := OpenSecret(t.Context(), "full"); err == nil || !strings.Contains(err.Error(), "set AWS_REGION to the stack's") {
		t.Errorf("without a region: %v", err)
	}
}
