package lambda

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
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

func TestCheckFunction(t *testing.T) {
	t.Parallel()
	minus := -2
	variables := func(name, value string) func(*Function) {
		return func(in *Function) { in.Environment = &Environment{map[string]string{name: value}} }
	}
	tests := []struct {
		name   string
		change func(*Function)
		want   string // the property, "" if it is accepted
	}{
		{"plain", func(*Function) {}, ""},
		{"not known yet", func(in *Function) { *in = Function{Environment: &Environment{}, EphemeralStorage: &EphemeralStorage{}} }, ""},
		{"limits", func(in *Function) { in.Timeout, in.MemorySize, in.Description = 900, 10240, strings.Repeat("é", 256) }, ""},
		{"variable", variables("A_1", "x"), ""},
		{"name", func(in *Function) { in.Name = "a.b" }, "name"},
		{"role", func(in *Function) { in.Role = "r" }, "role"},
		{"runtime", func(in *Function) { in.Runtime = "nodejs22.x" }, "runtime"},
		{"image", func(in *Function) { in.PackageType = "Image" }, "packageType"},
		{"timeout", func(in *Function) { in.Timeout = 901 }, "timeout"},
		{"negative timeout", func(in *Function) { in.Timeout = -1 }, "timeout"},
		{"memory", func(in *Function) { in.MemorySize = 127 }, "memorySize"},
		{"architecture", func(in *Function) { in.Architectures = []string{"arm"} }, "architectures"},
		{"architectures", func(in *Function) { in.Architectures = []string{"arm64", "x86_64"} }, "architectures"},
		{"reserved", func(in *Function) { in.ReservedConcurrentExecutions = &minus }, "reservedConcurrentExecutions"},
		{"description", func(in *Function) { in.Description = strings.Repeat("é", 257) }, "description"},
		{"storage", func(in *Function) { in.EphemeralStorage = &EphemeralStorage{511} }, "ephemeralStorage.size"},
		{"reserved variable", variables("AWS_REGION", "x"), "environment.variables.AWS_REGION"},
		{"variable's name", variables("1A", "x"), "environment.variables.1A"},
		{"short variable's name", variables("A", "x"), "environment.variables.A"},
		{"large variables", variables("AA", strings.Repeat("x", 4096)), "environment.variables"},
		{"log format", func(in *Function) { in.LoggingConfig = &LoggingConfig{LogFormat: "json"} }, "loggingConfig.logFormat"},
		{"log level of text", func(in *Function) { in.LoggingConfig = &LoggingConfig{LogFormat: "Text", SystemLogLevel: "INFO"} }, "loggingConfig"},
		{"tracing", func(in *Function) { in.TracingConfig = &TracingConfig{"On"} }, "tracingConfig.mode"},
	}
	for _, test := range tests {
		in := declaration()
		test.change(&in)
		problems := checkFunction(in)
		if test.want == "" && len(problems) > 0 || test.want != "" && (len(problems) != 1 || problems[0].Property != test.want) {
			t.Errorf("%s: problems %v, want %q", test.name, problems, test.want)
		}
	}
}

func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	deploy := func(change func(*Function)) error {
		in := declaration()
		change(&in)
		return p.deploy(p.call, &store.Record[Function]{ID: "f", Account: testAccount, Region: testRegion, Inputs: in, State: map[string]string{}})
	}
	tests := []struct {
		name   string
		change func(*Function)
		want   string
	}{
		{"no role", func(in *Function) { in.Role += "x" }, "role/rx does not exist"},
		{"no code", func(in *Function) { in.Code = nil }, "there is no code"},
		{"no contents", func(in *Function) { in.Code = &provider.Archive{Hash: "x"} }, "code: the archive has no contents"},
		{"no zip", func(in *Function) { in.Code = &provider.Archive{Path: "none.zip"} }, "none.zip: no such file"},
	}
	for _, test := range tests {
		if err := deploy(test.change); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	p.role(t, "ec2.amazonaws.com")
	if err := deploy(func(*Function) {}); err == nil || !strings.Contains(err.Error(), "InvalidParameterValueException: the role r cannot be assumed by lambda.amazonaws.com") {
		t.Errorf("a role for another service: %v", err)
	}
}

// TestRedeploy checks that a change that affects how a function runs makes a
// new version with new credentials. Other changes keep the processes warm.
func TestRedeploy(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.code(t, "two.zip", "echo other")
	p.code(t, "same.zip", "echo hello")
	r := p.declare(t, declaration())
	first := p.current(r)
	tests := []struct {
		name   string
		change func(*Function)
		same   bool
	}{
		{"nothing", func(*Function) {}, true},
		{"equal code elsewhere", func(in *Function) { in.Code = &provider.Archive{Path: "same.zip"} }, true},
		{"description and tags", func(in *Function) { in.Description, in.Tags = "new", map[string]string{"a": "b"} }, true},
		{"code", func(in *Function) { in.Code = &provider.Archive{Path: "two.zip"} }, false},
		{"variables", func(in *Function) { in.Environment = &Environment{map[string]string{"AA": "b"}} }, false},
		{"timeout", func(in *Function) { in.Timeout = 7 }, false},
	}
	for _, test := range tests {
		in := declaration()
		test.change(&in)
		v := p.current(p.declare(t, in))
		if same := v.ID == first.ID; same != test.same {
			t.Errorf("%s: the version is the same: %v", test.name, same)
		}
		if test.same != (v.Credentials == first.Credentials) {
			t.Errorf("%s: keys %v after %v", test.name, v.Credentials, first.Credentials)
		}
	}
}

func TestUnpackedCode(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.code(t, "two.zip", "echo other")
	first := p.declare(t, declaration())
	data, err := os.ReadFile(filepath.Join(p.current(first).Dir, "bootstrap"))
	if err != nil || string(data) != "#!/bin/sh\necho hello\n" {
		t.Errorf("bootstrap is %q, %v", data, err)
	}
	in := declaration()
	in.Code = &provider.Archive{Path: "two.zip"}
	second := p.declare(t, in)
	must(t, os.MkdirAll(filepath.Join(p.dir, "unpack-1234"), 0o755)) // left by a killed deployment
	must(t, p.Tidy())
	entries, err := os.ReadDir(p.dir)
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != filepath.Base(p.current(second).Dir) {
		t.Errorf("kept %v, want the code that runs", entries)
	}
	must(t, os.RemoveAll(p.dir))
	must(t, p.Tidy())
}

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

// TestLinesNeedTheRole checks that lines are written with the role's current
// rights.
func TestLinesNeedTheRole(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	v := p.current(p.declare(t, declaration()))
	steps := []struct {
		action, resource string
		want             []string
	}{
		{"", "", nil},
		{"logs:PutLogEvents", "*", nil},
		{"logs:CreateLogStream", "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/other:*", nil},
		{"logs:CreateLogStream", "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/f:*", []string{"/aws/lambda/f f a line"}},
	}
	for _, step := range steps {
		if step.action != "" {
			p.policy(t, step.action, step.resource)
		}
		v.Log("stream", []byte("a line"))
		if !slices.Equal(p.lines, step.want) {
			t.Errorf("with %s on %s: lines %q, want %q", step.action, step.resource, p.lines, step.want)
		}
	}
}

func TestDescribeFunction(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	in := declaration()
	in.LoggingConfig = &LoggingConfig{LogFormat: "JSON", LogGroup: "/own"}
	r := p.declare(t, in)
	out := describe(r)
	if out.ARN != testARN || out.InvokeARN != "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"+testARN+"/invocations" || out.QualifiedARN != testARN+":$LATEST" {
		t.Errorf("ARNs %q", []string{out.ARN, out.InvokeARN, out.QualifiedARN})
	}
	if out.SourceCodeSize != len("#!/bin/sh\necho hello\n") || len(out.CodeSHA256) != 44 || out.LastModified == "" {
		t.Errorf("code %d %s %s", out.SourceCodeSize, out.CodeSHA256, out.LastModified)
	}
	v := p.version(r)
	if v.Timeout != 3*time.Second || v.MemoryMB != 128 || v.Reserved != -1 || v.LogGroup != "/own" {
		t.Errorf("version %+v", v)
	}
}
