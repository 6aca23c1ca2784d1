package lambda

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

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
