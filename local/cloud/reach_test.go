package cloud

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// internet is a proxy that records each destination outside this machine that
// it is asked for. Go's clients use no proxy for loopback addresses.
type internet struct {
	url   string
	mu    sync.Mutex
	asked []string
}

func newInternet(t *testing.T) *internet {
	t.Helper()
	i := &internet{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.asked = append(i.asked, r.Method+" "+r.Host)
		http.Error(w, "this is the internet", http.StatusTeapot)
	}))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// reached returns the recorded destinations.
func (i *internet) reached() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

// trap returns a home folder whose configuration points every SDK away from the
// local cloud.
func trap(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	dir := filepath.Join(home, ".aws")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const settings = "[default]\nregion = us-west-2\nignore_configured_endpoint_urls = true\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\naccount_id_endpoint_mode = required\n"
	for name, text := range map[string]string{"config": settings, "credentials": "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

// wantReach returns the expected result of each call of testdata/reach for a
// caller without rights.
func wantReach() map[string]string {
	return map[string]string{
		"dynamodb":        `does not know the DynamoDB operation "ListTables"`,
		"dynamodbstreams": "not authorized to perform: dynamodb:ListStreams",
		"kms":             "the local cloud does not have the service KMS, kms (ListKeys): it has DynamoDB, ",
		"s3":              "not authorized to perform: s3:GetObject",
		"s3 express":      "the local cloud does not have the service S3 Express, s3express (GET /b--use1-az4--x-s3): it has ",
		"s3 regions":      "multi-region",
		"secretsmanager":  "not authorized to perform: secretsmanager:GetSecretValue",
		"sqs":             "not authorized to perform: sqs:getqueueurl",
		"ssm":             "not authorized to perform: ssm:GetParameter",
		"sso":             "the local cloud does not have the service sso (GET /federation/credentials): it has ",
		"sts":             "",
	}
}

// TestCreatedGroup checks that Lambda creates the log group of a function only
// if its role allows it, as AWSLambdaBasicExecutionRole does. Without a group
// there are no log lines.
func TestCreatedGroup(t *testing.T) {
	t.Parallel()
	dir, seen := t.TempDir(), &shownLines{}
	c := openStreams(t, dir, seen)
	t.Cleanup(func() { c.Close() })
	e := newEngineIn(t, c, program(t))
	const source = "arn:aws:execute-api:eu-west-1:222222222222:api"
	_, role := e.up(iam.RoleToken, "f", map[string]any{"name": "f", "assumeRolePolicy": `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}`})
	_, function := e.up(lambda.FunctionToken, "f", map[string]any{
		"name": "f", "role": role["arn"], "handler": "bootstrap", "runtime": "provided.al2023", "timeout": 20.0,
		"code": map[string]any{"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "h", "path": "f.zip"},
	})
	e.up(lambda.PermissionToken, "f", map[string]any{"action": "lambda:InvokeFunction", "function": "f", "principal": "apigateway.amazonaws.com", "sourceArn": source})
	say := func(text string) {
		if result, err := c.invoke(t.Context(), function["arn"].(string), source, []byte(`{"do":"print","text":"`+text+`\n"}`)); err != nil || result.FunctionError != "" {
			t.Fatalf("%s, %v", result.Payload, err)
		}
	}
	say("without a right")
	e.up(iam.AttachmentToken, "f", map[string]any{"role": "f", "policyArn": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"})
	say("with one")
	seen.await(t, "the line on the terminal", func(text string) bool { return strings.Contains(text, "f: with one\n") })
	if err := c.groups.Flush(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "logs", "aws", "lambda", "f.log"))
	if err != nil || !strings.Contains(string(data), " with one\n") || strings.Contains(string(data), "without a right") {
		t.Errorf("the group has %q, %v", data, err)
	}
}

// TestFunctionStaysHere checks that no call of a function leaves this machine,
// even if the program's variables and the user's configuration files point
// elsewhere. The function uses clients as most code makes them.
func TestFunctionStaysHere(t *testing.T) {
	t.Parallel()
	outside := newInternet(t)
	c := openCloud(t)
	e := newEngineIn(t, c, zipped(t, "./testdata/reach"))
	const source = "arn:aws:execute-api:eu-west-1:222222222222:api"
	_, role := e.up(iam.RoleToken, "f", map[string]any{"name": "f", "assumeRolePolicy": `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}`})
	_, function := e.up(lambda.FunctionToken, "f", map[string]any{
		"name": "f", "role": role["arn"], "handler": "bootstrap", "runtime": "provided.al2023", "timeout": 20.0,
		"code": map[string]any{"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "h", "path": "f.zip"},
		"environment": map[string]any{"variables": map[string]any{
			"HOME": trap(t), "HTTP_PROXY": outside.url, "HTTPS_PROXY": outside.url,
			"AWS_USE_FIPS_ENDPOINT": "true", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "https://vpce-1.amazonaws.com",
			"AWS_ENDPOINT_URL_KMS": "https://vpce-2.kms.eu-west-1.vpce.amazonaws.com", "AWS_ENDPOINT_URL_S3": "https://vpce-3.amazonaws.com",
		}},
	})
	e.up(lambda.PermissionToken, "f", map[string]any{"action": "lambda:InvokeFunction", "function": "f", "principal": "apigateway.amazonaws.com", "sourceArn": source})
	result, err := c.invoke(t.Context(), function["arn"].(string), source, []byte("{}"))
	if err != nil || result.FunctionError != "" {
		t.Fatalf("%s, %v", result.Payload, err)
	}
	var found map[string]string
	if err := json.Unmarshal(result.Payload, &found); err != nil {
		t.Fatalf("%v: %s", err, result.Payload)
	}
	for name, want := range wantReach() {
		got, called := found[name]
		if !called || want == "" && got != "" || !strings.Contains(strings.ToLower(got), strings.ToLower(want)) {
			t.Errorf("%s came to %q, want %q", name, got, want)
		}
	}
	if asked := outside.reached(); len(asked) > 0 {
		t.Errorf("the internet was asked for %q", asked)
	}
}
