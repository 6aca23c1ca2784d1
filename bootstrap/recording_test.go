package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/recording"
)

// cloud answers in place of AWS.
type cloud struct {
	caller    string   // the account of the credentials
	audiences []string // of the account's OIDC provider; nil: there is none
}

// Create returns the ids and ARNs that AWS would return.
func (c cloud) Create(args pulumi.MockResourceArgs) (string, map[string]any) {
	id := fmt.Sprintf("id of %s", args.Name)
	if args.TypeToken == bucketType {
		id = "bootstrap-mock-state-0000000"
	}
	return id, c.invent(args)
}

// invent returns the outputs for a resource's inputs.
func (c cloud) invent(args pulumi.MockResourceArgs) map[string]any {
	text := func(name string) string { return fmt.Sprint(args.Inputs[resource.PropertyKey(name)].V) }
	arn := "arn:aws:iam::" + c.caller + ":"
	switch args.TypeToken {
	case roleType:
		return map[string]any{"arn": arn + "role" + text("path") + text("name")}
	case policyType:
		return map[string]any{"arn": arn + "policy" + text("path") + text("name")}
	case providerType:
		return map[string]any{"arn": arn + "oidc-provider/" + strings.TrimPrefix(text("url"), "https://")}
	case bucketType:
		return map[string]any{"arn": stateBucket}
	case keyType:
		return map[string]any{"arn": "arn:aws:kms:eu-central-1:" + c.caller + ":key/mock", "keyId": "00000000-mock"}
	}
	return nil
}

// Call answers for the caller's account and for the account's OIDC provider.
func (c cloud) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	switch args.Token {
	case "aws:index/getCallerIdentity:getCallerIdentity":
		if c.caller == "" {
			return nil, fmt.Errorf("no valid credential sources found")
		}
		return resource.NewPropertyMapFromMap(map[string]any{"accountId": c.caller}), nil
	case "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider":
		if c.audiences == nil {
			return nil, fmt.Errorf("NoSuchEntity: %s", args.Args["arn"].StringValue())
		}
		return resource.NewPropertyMapFromMap(map[string]any{
			"arn": args.Args["arn"].StringValue(), "clientIdLists": anySlice(c.audiences),
		}), nil
	}
	return nil, fmt.Errorf("call of %s", args.Token)
}

func anySlice(texts []string) []any {
	var all []any
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}

// facts returns the lines of a golden file about a resource, except its inputs.
func facts(res recording.Resource) (lines []string) {
	switch {
	case res.Protected && res.Retained:
		lines = append(lines, "protected and retained")
	case res.Protected:
		lines = append(lines, "protected")
	}
	for _, other := range res.After {
		lines = append(lines, "after "+other)
	}
	return lines
}

// fixtures returns the stacks in testdata/stacks. The tests rely on their
// values.
func fixtures() []string { return []string{"staging", "production", "review"} }

// settingsOf returns the settings of a fixture, with the defaults of
// Pulumi.yaml.
func settingsOf(t *testing.T, stack string) map[string]string {
	t.Helper()
	return recording.Settings(t, "Pulumi.yaml", filepath.Join("testdata", "stacks", "Pulumi."+stack+".yaml"))
}

// deployWith runs the whole program in a cloud.
func deployWith(t *testing.T, c cloud, stack string, settings map[string]string) (*recording.Stack, error) {
	t.Helper()
	return recording.Run(t, ours(t, ""), stack, settings, c, deploy)
}

// record runs the program for a fixture with changed settings, given as key,
// value, key, value.
func record(t *testing.T, stack string, changed ...string) *recording.Stack {
	t.Helper()
	settings := settingsOf(t, stack)
	for i := 0; i < len(changed); i += 2 {
		settings[ours(t, changed[i])] = changed[i+1]
	}
	rec, err := deployWith(t, cloud{caller: settings[ours(t, "account")]}, stack, settings)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}
