package lambda

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"skiff/local/store"
)

func TestPermitted(t *testing.T) {
	t.Parallel()
	base := Permission{StatementID: "s", Action: "lambda:InvokeFunction", Function: "f", Principal: gatewayName}
	tests := []struct {
		name   string
		change func(*Permission)
		want   bool
	}{
		{"any source", func(*Permission) {}, true},
		{"by ARN", func(in *Permission) { in.Function = testARN }, true},
		{"every action", func(in *Permission) { in.Action = "lambda:*" }, true},
		{"the route", func(in *Permission) { in.SourceARN = source }, true},
		{"the API", func(in *Permission) { in.SourceARN = "arn:aws:execute-api:eu-west-1:111111111111:api/*" }, true},
		{"any stage", func(in *Permission) { in.SourceARN = "arn:aws:execute-api:eu-west-1:111111111111:api/*/GET/items" }, true},
		{"own account", func(in *Permission) { in.SourceAccount = testAccount }, true},
		{"another route", func(in *Permission) { in.SourceARN = strings.Replace(source, "GET", "PUT", 1) }, false},
		{"another API", func(in *Permission) { in.SourceARN = "arn:aws:execute-api:eu-west-1:111111111111:other/*" }, false},
		{"a prefix", func(in *Permission) { in.SourceARN = "arn:aws:execute-api:eu-west-1:111111111111:api" }, false},
		{"a star over colons", func(in *Permission) { in.SourceARN = "arn:aws:*:api/*" }, false},
		{"another account", func(in *Permission) { in.SourceAccount = "222222222222" }, false},
		{"another service", func(in *Permission) { in.Principal = "events.amazonaws.com" }, false},
		{"another action", func(in *Permission) { in.Action = "lambda:GetFunction" }, false},
		{"another function", func(in *Permission) { in.Function = "g" }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db, err := store.Open(t.TempDir(), 0)
			must(t, err)
			t.Cleanup(func() { db.Close() })
			p := &plane{Functions: &Functions{db: db}, db: db}
			in := base
			test.change(&in)
			p.grant(t, in)
			err = p.permitted(store.Record[Function]{ID: "f", Account: testAccount}, gatewayName, source)
			if (err == nil) != test.want || err != nil && !errors.Is(err, ErrNoPermission) {
				t.Errorf("permitted: %v, want %v", err, test.want)
			}
		})
	}
}

func TestCheckPermission(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]Permission{
		"":            {StatementID: "a-b_1", Action: "lambda:InvokeFunction", SourceARN: source},
		"statementId": {StatementID: "a b"},
		"action":      {Action: "s3:GetObject"},
		"sourceArn":   {SourceARN: "api"},
	} {
		problems := checkPermission(in)
		if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || problems[0].Property != want) {
			t.Errorf("problems %v, want %q", problems, want)
		}
	}
}

func TestResourcePolicySize(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	r := p.declare(t, declaration())
	permit := func(id, function string) error {
		in := Permission{StatementID: id, Action: "lambda:InvokeFunction", Function: function, Principal: gatewayName, SourceARN: source}
		return p.permit(t.Context(), p.call, &store.Record[Permission]{ID: id, Inputs: in})
	}
	if err := permit("s", "none"); err == nil || !strings.Contains(err.Error(), "ResourceNotFoundException: function none") {
		t.Errorf("a permission of a missing function: %v", err)
	}
	one := statementSize(r, Permission{StatementID: "1000", Action: "lambda:InvokeFunction", Function: "f", Principal: gatewayName, SourceARN: source})
	fit := maxResourcePolicy / one
	for n := range fit {
		id := fmt.Sprint(1000 + n)
		must(t, permit(id, "f"))
		p.grant(t, Permission{StatementID: id, Action: "lambda:InvokeFunction", Function: "f", Principal: gatewayName, SourceARN: source})
	}
	if err := permit("1000", testARN); err != nil {
		t.Errorf("a statement that replaces itself: %v", err)
	}
	if err := permit("9999", testARN); err == nil || !strings.Contains(err.Error(), "PolicyLengthExceededException: the permissions of function f") {
		t.Errorf("one above the limit: %v", err)
	}
}

func TestInvokeNeedsPermission(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declare(t, declaration())
	invoke := func(function string) error {
		_, err := p.Invoke(t.Context(), function, gatewayName, source, []byte("{}"))
		return err
	}
	if err := invoke(testARN); !errors.Is(err, ErrNoPermission) {
		t.Errorf("without a permission: %v", err)
	}
	p.grant(t, Permission{StatementID: "s", Action: "lambda:InvokeFunction", Function: "f", Principal: gatewayName})
	for function, want := range map[string]error{
		testARN: nil, testARN + ":$LATEST": nil, "f": nil,
		testARN + ":live": store.ErrNotFound, "g": store.ErrNotFound,
		strings.Replace(testARN, testRegion, "us-east-1", 1): store.ErrNotFound,
	} {
		if err := invoke(function); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", function, err, want)
		}
	}
	r, err := p.find("f")
	must(t, err)
	must(t, p.remove(t.Context(), p.call, r))
	if _, err := store.Get[Permission](p.db, PermissionToken, "f s"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the permission of a removed function: %v", err)
	}
}
