package lambda

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	testAccount = "111111111111"
	testRegion  = "eu-west-1"
	testRole    = "arn:aws:iam::111111111111:role/r"
	testARN     = "arn:aws:lambda:eu-west-1:111111111111:function:f"
	gatewayName = "apigateway.amazonaws.com"
	source      = "arn:aws:execute-api:eu-west-1:111111111111:api/stage/GET/items"
)

// plane is the control plane for functions whose code prints "hello" and exits.
type plane struct {
	*Functions
	db   *store.Store
	call provider.Call

	mu    sync.Mutex
	lines []string
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	must(t, err)
	runtime, err := NewRuntime(Options{})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		must(t, runtime.Close(ctx))
		must(t, db.Close())
	})
	p := &plane{db: db, call: provider.Call{Dir: t.TempDir()}}
	p.Functions = NewFunctions(db, runtime, iam.NewAuthority(db, nil), filepath.Join(t.TempDir(), "code"), nil, p.log)
	p.role(t, "lambda.amazonaws.com")
	p.code(t, "one.zip", "echo hello")
	return p
}

func (p *plane) log(group Group, _, function string, lines ...[]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range lines {
		p.lines = append(p.lines, group.Name+" "+function+" "+string(line))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// role declares the tests' role, which a service may assume.
func (p *plane) role(t *testing.T, service string) {
	t.Helper()
	must(t, store.Put(p.db, iam.RoleToken, "r", store.Record[iam.Role]{ID: "r", Account: testAccount, Inputs: iam.Role{
		Name:             "r",
		AssumeRolePolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"` + service + `"},"Condition":{"ArnLike":{"aws:SourceArn":"` + testARN + `"}}}]}`,
	}}))
}

func (p *plane) policy(t *testing.T, action, resource string) {
	t.Helper()
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q,"Resource":%q}]}`, action, resource)
	must(t, store.Put(p.db, iam.RolePolicyToken, action, store.Record[iam.RolePolicy]{Inputs: iam.RolePolicy{Name: "p", Role: "r", Policy: policy}}))
}

// code writes a zip whose bootstrap is a shell script.
func (p *plane) code(t *testing.T, name, script string) {
	t.Helper()
	f, err := os.Create(filepath.Join(p.call.Dir, name))
	must(t, err)
	z := zip.NewWriter(f)
	h := &zip.FileHeader{Name: "bootstrap"}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	must(t, err)
	_, err = w.Write([]byte("#!/bin/sh\n" + script + "\n"))
	must(t, errors.Join(err, z.Close(), f.Close()))
}

func declaration() Function {
	return Function{Name: "f", Role: testRole, Handler: "bootstrap", Runtime: "provided.al2023", Code: &provider.Archive{Path: "one.zip"}}
}

// declare deploys a function as the provider does.
func (p *plane) declare(t *testing.T, in Function) store.Record[Function] {
	t.Helper()
	r := store.Record[Function]{ID: in.Name, Account: testAccount, Region: testRegion, Inputs: in, State: map[string]string{}}
	must(t, p.deploy(p.call, &r))
	must(t, store.Put(p.db, FunctionToken, r.ID, r))
	functions(p.Functions).Updated(r)
	return r
}

func (p *plane) grant(t *testing.T, in Permission) {
	t.Helper()
	must(t, store.Put(p.db, PermissionToken, permissionKey(in.StatementID, in), store.Record[Permission]{ID: in.StatementID, Inputs: in}))
}
