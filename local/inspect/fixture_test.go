package inspect_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/dynamodb"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
	"skiff/local/aws/sqs"
	"skiff/local/cloud"
	"skiff/local/process/npm"
)

// codeDir holds f.zip, the code of the test function, built once.
var codeDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "inspect-test-")
		if err == nil {
			codeDir = dir
			defer os.RemoveAll(dir)
			err = zipped(dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func zipped(dir string) error {
	binary := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", binary, "../aws/lambda/testdata/function")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	data, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	entry, err := z.CreateHeader(h)
	if err == nil {
		_, err = entry.Write(data)
	}
	return errors.Join(err, z.Close(), os.WriteFile(filepath.Join(dir, "f.zip"), file.Bytes(), 0o600))
}

// A fixture is an open cloud, and the provider that creates its resources.
type fixture struct {
	*cloud.Cloud
	t      *testing.T
	client pulumirpc.ResourceProviderClient
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	cache, err := npm.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	c, err := cloud.Open(cloud.Options{
		Dir: t.TempDir(), URL: "http://127.0.0.1:8080", Root: apigateway.Root{Project: "project", Stack: "staging"}, Cache: cache, Stderr: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	providers, err := cloud.Join(t.Context(), c.Control, cloud.Program{Dir: codeDir})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(providers.AWS, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &fixture{c, t, pulumirpc.NewResourceProviderClient(conn)}
}

// up creates a resource of a stack.
func (f *fixture) up(stack, token, name string, inputs map[string]any) (outputs map[string]any) {
	f.t.Helper()
	properties, err := structpb.NewStruct(inputs)
	if err != nil {
		f.t.Fatal(err)
	}
	urn := "urn:pulumi:" + stack + "::project::" + token + "::" + name
	checked, err := f.client.Check(f.t.Context(), &pulumirpc.CheckRequest{Type: token, Urn: urn, Name: name, News: properties})
	if err != nil || len(checked.Failures) > 0 {
		f.t.Fatalf("%s %s is refused: %v, %v", token, name, checked, err)
	}
	created, err := f.client.Create(f.t.Context(), &pulumirpc.CreateRequest{Type: token, Urn: urn, Properties: checked.Inputs})
	if err != nil {
		f.t.Fatalf("%s %s: %v", token, name, err)
	}
	return created.Properties.AsMap()
}

// function creates a function whose role allows it to write logs.
func (f *fixture) function(stack, name string) {
	f.t.Helper()
	physical := stack + "-" + name
	role := f.up(stack, iam.RoleToken, name+"-role", map[string]any{
		"name": physical, "assumeRolePolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}`,
	})
	f.up(stack, iam.RolePolicyToken, name+"-rights", map[string]any{
		"role": physical, "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}`,
	})
	f.up(stack, logs.Token, name+"-lines", map[string]any{"name": "/aws/lambda/" + physical})
	f.up(stack, lambda.FunctionToken, name, map[string]any{
		"name": physical, "role": role["arn"], "handler": "bootstrap", "runtime": "provided.al2023", "memorySize": 256.0, "timeout": 5.0,
		"code": map[string]any{"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "path": "f.zip"},
	})
}

// table creates a table with the key id and an index on n.
func (f *fixture) table(stack, name string) {
	f.t.Helper()
	f.up(stack, dynamodb.Token, name, map[string]any{
		"name": stack + "-" + name, "hashKey": "id", "billingMode": "PAY_PER_REQUEST", "streamEnabled": true, "streamViewType": "NEW_IMAGE",
		"attributes":             []any{map[string]any{"name": "id", "type": "S"}, map[string]any{"name": "n", "type": "N"}},
		"globalSecondaryIndexes": []any{map[string]any{"name": "by-n", "hashKey": "n", "projectionType": "ALL"}},
	})
}

// queues creates a queue with a dead-letter queue.
func (f *fixture) queues(stack, name string) {
	f.t.Helper()
	dead := f.up(stack, sqs.Token, name+"-dead", map[string]any{"name": stack + "-" + name + "-dead"})
	f.up(stack, sqs.Token, name, map[string]any{
		"name": stack + "-" + name, "visibilityTimeoutSeconds": 0.0,
		"redrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":1}`, dead["arn"]),
	})
}
