package lambda

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

// archive returns an archive as the engine sends it.
func archive(hash string) map[string]any {
	return map[string]any{"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": hash, "path": hash + ".zip"}
}

func TestFunctionActions(t *testing.T) {
	t.Parallel()
	const on, pass = " " + testARN, "iam:PassRole " + testRole + " iam:PassedToService=lambda.amazonaws.com"
	reads := []string{"lambda:GetFunction" + on, "lambda:ListVersionsByFunction" + on, "lambda:GetFunctionCodeSigningConfig" + on}
	plain := map[string]any{"name": "f", "role": testRole, "handler": "bootstrap", "runtime": "provided.al2023", "code": archive("one"), "timeout": 3.0}
	with := func(changes map[string]any) map[string]any {
		all := maps.Clone(plain)
		maps.Copy(all, changes)
		return all
	}
	tagged := with(map[string]any{"tags": map[string]any{"Team": "x"}, "reservedConcurrentExecutions": 5.0})
	create := []string{pass, "lambda:CreateFunction" + on}
	for _, test := range []struct {
		name             string
		created, updated map[string]any
		create, update   []string
	}{
		{"code", plain, with(map[string]any{"code": archive("two")}), create, []string{"lambda:UpdateFunctionCode" + on}},
		{"configuration", plain, with(map[string]any{"timeout": 9.0}), create, []string{"lambda:UpdateFunctionConfiguration" + on}},
		{"architecture", plain, with(map[string]any{"architectures": []any{"arm64"}}), create, []string{"lambda:UpdateFunctionCode" + on}},
		{"role", plain, with(map[string]any{"role": testRole + "2"}), create, []string{"iam:PassRole " + testRole + "2 iam:PassedToService=lambda.amazonaws.com", "lambda:UpdateFunctionConfiguration" + on}},
		{"concurrency", plain, with(map[string]any{"reservedConcurrentExecutions": 0.0}), create, []string{"lambda:PutFunctionConcurrency" + on}},
		{"no concurrency", with(map[string]any{"reservedConcurrentExecutions": -1.0}), plain, create, []string{"lambda:DeleteFunctionConcurrency" + on}},
		{"tags and concurrency", tagged, plain, []string{"lambda:TagResource" + on, pass, "lambda:CreateFunction" + on, "lambda:PutFunctionConcurrency" + on},
			[]string{"lambda:UntagResource" + on, "lambda:DeleteFunctionConcurrency" + on}},
	} {
		p := newPlane(t)
		got := providertest.Asked(t, p.db, functions(p.Functions), test.created, test.updated)
		want := map[provider.Verb][]string{
			provider.Create: append(test.create, reads...), provider.Read: reads,
			provider.Update: append(test.update, reads...), provider.Delete: {"lambda:DeleteFunction" + on},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.name, diff)
		}
	}
}

func TestPermissionActions(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	const on = " " + testARN
	for _, function := range []string{"f", testARN, testARN + ":$LATEST"} {
		in := map[string]any{"action": "lambda:InvokeFunction", "function": function, "principal": gatewayName, "statementId": "s"}
		want := map[provider.Verb][]string{
			provider.Create: {"lambda:AddPermission" + on, "lambda:GetPolicy" + on}, provider.Read: {"lambda:GetPolicy" + on},
			provider.Update: {"lambda:GetPolicy" + on, "lambda:GetPolicy" + on}, // no input can change
			provider.Delete: {"lambda:RemovePermission" + on, "lambda:GetPolicy" + on},
		}
		if diff := cmp.Diff(want, providertest.Asked(t, p.db, permissions(p.Functions), in, in)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", function, diff)
		}
	}
}

func TestMappingActions(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	kind := MappingType(NewEventSources(p.Functions, &fakeQueue{}, nil, nil))
	kind.ID = func(provider.Call, EventSourceMapping) string { return "0-1" }
	const on, of = " arn:aws:lambda:eu-west-1:111111111111:event-source-mapping:0-1", " lambda:FunctionArn=" + testARN
	mapping := func(size float64, tags map[string]any) map[string]any {
		return map[string]any{"eventSourceArn": testQueue, "functionName": "f", "batchSize": size, "tags": tags}
	}
	reads := []string{"lambda:GetEventSourceMapping" + on + of, "lambda:ListTags" + on}
	want := map[provider.Verb][]string{
		provider.Create: append([]string{"lambda:CreateEventSourceMapping *" + of, "lambda:TagResource" + on}, reads...),
		provider.Read:   reads,
		provider.Update: append([]string{"lambda:UntagResource" + on, "lambda:UpdateEventSourceMapping" + on + of}, reads...),
		provider.Delete: {"lambda:DeleteEventSourceMapping" + on + of, "lambda:GetEventSourceMapping" + on + of},
	}
	if diff := cmp.Diff(want, providertest.Asked(t, p.db, kind, mapping(10, map[string]any{"Team": "x"}), mapping(5, nil))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
