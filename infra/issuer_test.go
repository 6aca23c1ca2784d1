package main

import (
	"fmt"
	"testing"
)

// TestIssuer checks a stack with an issuer. API Gateway verifies the tokens of
// requests. The function verifies the tokens of WebSocket clients. There is no
// token key.
func TestIssuer(t *testing.T) {
	t.Parallel()
	_, err := deployWith(t, fixture(), with(settingsOf(t, "staging"),
		"issuer=https://issuer.example/", `audiences=["web","mobile app:1"]`))
	if err == nil {
		t.Fatal("an audience with a space is accepted")
	}
	rec, err := deployWith(t, fixture(), with(settingsOf(t, "staging"),
		"issuer=https://issuer.example/", `audiences=["web","mobile"]`))
	if err != nil {
		t.Fatal(err)
	}
	checkRules(t, fixture(), rec)
	if keys := rec.Of(secretType); len(keys) != 1 {
		t.Errorf("%d secrets", len(keys))
	}
	if got := nested(rec.Of(functionType)["authorize"], "environment", "variables"); fmt.Sprint(got) !=
		"map[LOG_LEVEL:debug TOKEN_AUDIENCES:web,mobile TOKEN_ISSUER:https://issuer.example/]" {
		t.Errorf("the environment of authorize is %v", got)
	}
	if got := rec.Of(routeType)["POST /items"].Inputs["authorizationType"]; got != "JWT" {
		t.Errorf("POST /items is guarded by %v", got)
	}
	if names := rec.Outputs["secretNames"]; fmt.Sprint(names) != "map[cursorKey:"+nameOf(rec, secretType, "cursor-key")+"]" {
		t.Errorf("secretNames %v", names)
	}
}
