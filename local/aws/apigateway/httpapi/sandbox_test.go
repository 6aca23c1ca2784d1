package httpapi

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"skiff/local/aws/lambda"
)

// codeDir holds a bootstrap that follows the instructions in its event. It is
// built once per test binary.
var codeDir string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "apigateway-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	codeDir = dir
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), "../../lambda/testdata/function")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the test function: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A cloud is a gateway with a real sandbox.
type cloud struct {
	*fixture
	runtime *lambda.Runtime
	version lambda.Version

	mu    sync.Mutex
	fault string // if set, the function gets this event instead of the request's
}

// itemsKeys returns the route keys of the items API.
func itemsKeys() []string {
	return []string{"POST /items", "GET /items", "GET /items/{id}", "PUT /items/{id}", "DELETE /items/{id}"}
}

func newCloud(t testing.TB, timeout time.Duration, reserved int) *cloud {
	t.Helper()
	r, err := lambda.NewRuntime(lambda.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_ = r.Close(ctx) // ends what a test left running
	})
	c := &cloud{runtime: r, version: lambda.Version{
		ID: "1", Name: "items", ARN: "arn:aws:lambda:eu-west-1:111111111111:function:items", Region: "eu-west-1",
		Handler: "bootstrap", Dir: codeDir, MemoryMB: 128, Timeout: time.Minute, Reserved: reserved,
	}}
	stage := testStage(itemsKeys()...)
	for _, route := range stage.Routes {
		route.Integration.Timeout = timeout
	}
	stage.CORS = &CORS{AllowOrigins: []string{"https://app.example"}, AllowMethods: []string{"POST"}}
	c.fixture = newFixture(t, stage, func(ctx context.Context, payload []byte) (lambda.Result, error) {
		c.mu.Lock()
		if c.fault != "" {
			payload = []byte(c.fault)
		}
		c.mu.Unlock()
		return r.Invoke(ctx, c.version, payload)
	})
	return c
}

func (c *cloud) setFault(event string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = event
}

func BenchmarkProxiedRequest(b *testing.B) {
	c := newCloud(b, 0, -1)
	conn := newClient(b, c.address)
	for b.Loop() {
		if got := conn.do(b, "GET", "/items/1"); got != 200 {
			b.Fatal(got)
		}
	}
}

// BenchmarkGateway measures the gateway without a function, with as many routes
// as an API may have.
func BenchmarkGateway(b *testing.B) {
	var keys []string
	for i := range 300 {
		keys = append(keys, fmt.Sprintf("GET /part%d/{id}", i))
	}
	stage := testStage(keys...)
	stage.Prepare()
	f := newFixture(b, stage, answering(`{"statusCode":200,"body":"ok"}`))
	conn := newClient(b, f.address)
	for b.Loop() {
		if got := conn.do(b, "GET", "/part299/1"); got != 200 {
			b.Fatal(got)
		}
	}
}
