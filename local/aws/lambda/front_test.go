package lambda_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// invoker returns a client of the worker's functions with a role's credentials.
func (w *worker) invoker(e *lambda.Events, keys iam.Credentials) *awslambda.Client {
	server := httptest.NewServer(e.Handler())
	w.t.Cleanup(server.Close)
	return awslambda.New(awslambda.Options{Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, nil
		})})
}

func (w *worker) grant(action, resource string) {
	put(w, iam.RolePolicyToken, "r:i", iam.RolePolicy{Name: "i", Role: "r", Policy: `{"Statement":{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}}`})
}

// wantError checks the code, the status and a part of the message of an SDK
// error.
func wantError(t *testing.T, name string, err error, code string, status int, words string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	response, answered := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || !answered || api.ErrorCode() != code || response.HTTPStatusCode() != status || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("%s: %v, want %s, %d and %q", name, err, code, status, words)
	}
}

// TestInvoke checks that an SDK client can invoke a function by its name and
// its ARN, gets its answer, error and log, and can do a dry run.
func TestInvoke(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.grant("lambda:InvokeFunction", functionARN+"*")
	e := w.events(&hands{now: time.Now()})
	t.Cleanup(func() { must(t, e.Close(context.Background())) })
	client := w.invoker(e, w.authority.Issue(workerRole, "f"))
	for _, name := range []string{"f", functionARN, functionARN + ":$LATEST", "f:$LATEST", "111111111111:function:f"} {
		out, err := client.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: &name, Payload: []byte(`{"do":"raw","text":"[1]"}`)})
		if err != nil || string(out.Payload) != "[1]" || out.StatusCode != 200 || aws.ToString(out.ExecutedVersion) != "$LATEST" || out.FunctionError != nil || out.LogResult != nil {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	out, err := client.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String("f"), LogType: types.LogTypeTail, Payload: []byte(`{"do":"error","text":"no"}`)})
	if err != nil || aws.ToString(out.FunctionError) != "Unhandled" || !strings.Contains(string(out.Payload), `"errorMessage":"no"`) {
		t.Errorf("a function that fails: %+v, %v", out, err)
	}
	log, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if err != nil || !strings.HasPrefix(string(log), "START RequestId: ") || !strings.Contains(string(log), "\nREPORT RequestId: ") || strings.Count(string(log), "START") != 1 {
		t.Errorf("the log is %q, %v", log, err)
	}
	out, err = client.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String("f"), LogType: types.LogTypeTail, Payload: []byte(`{"do":"print","text":"` + strings.Repeat("x", 5000) + `\n"}`)})
	if log, _ = base64.StdEncoding.DecodeString(aws.ToString(out.LogResult)); err != nil || len(log) != 4096 || !bytes.HasPrefix(log, []byte("xxx")) {
		t.Errorf("the log has %d bytes, %v", len(log), err)
	}
	started := w.count("START ")
	if out, err := client.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeDryRun}); err != nil || out.StatusCode != 204 || w.count("START ") != started {
		t.Errorf("dry run: %+v, %v", out, err)
	}
	if out, err := client.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String("f")}); err != nil || string(out.Payload) != "null" {
		t.Errorf("without a payload: %+v, %v", out, err)
	}
}

// TestInvokeEvent checks that an asynchronous invocation is stored before the
// response, and runs after a restart.
func TestInvokeEvent(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.grant("lambda:InvokeFunction", functionARN)
	file := filepath.Join(t.TempDir(), "written")
	e := w.events(&hands{now: time.Now(), stuck: true})
	must(t, e.Close(context.Background())) // closed Events store events and start none
	client := w.invoker(e, w.authority.Issue(workerRole, "f"))
	out, err := client.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent, Payload: []byte(`{"do":"write","text":"done","path":"` + file + `"}`)})
	if err != nil || out.StatusCode != 202 || w.held() != 1 {
		t.Fatalf("%+v, %v; %d events are kept", out, err, w.held())
	}
	w.close()
	w.open()
	e = w.events(&hands{now: time.Now()})
	t.Cleanup(func() { must(t, e.Close(context.Background())) })
	must(t, e.Start())
	eventually(t, "the function has run", func() bool { return w.held() == 0 })
	if data, err := os.ReadFile(file); err != nil || string(data) != "done" {
		t.Errorf("the function wrote %q, %v", data, err)
	}
}

// TestInvokeRefusals checks the codes and statuses of the errors.
func TestInvokeRefusals(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	e := w.events(&hands{now: time.Now()})
	t.Cleanup(func() { must(t, e.Close(context.Background())) })
	client := w.invoker(e, w.authority.Issue(workerRole, "f"))
	invoke := func(change func(*awslambda.InvokeInput)) error {
		in := &awslambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{}`)}
		change(in)
		_, err := client.Invoke(t.Context(), in)
		return err
	}
	plainly := func(*awslambda.InvokeInput) {}
	named := func(name string) func(*awslambda.InvokeInput) {
		return func(in *awslambda.InvokeInput) { in.FunctionName = &name }
	}
	wantError(t, "without the right", invoke(plainly), "AccessDeniedException", 403, "lambda:InvokeFunction on resource: "+functionARN+" because no identity-based policy")
	wantError(t, "a missing function, without the right", invoke(named("g")), "AccessDeniedException", 403, "")
	dry := func(in *awslambda.InvokeInput) { in.InvocationType = types.InvocationTypeDryRun }
	wantError(t, "dry run, without the right", invoke(dry), "AccessDeniedException", 403, "")

	w.grant("lambda:InvokeFunction", functionARN)
	must(t, invoke(plainly))
	wantError(t, "a right to no version", invoke(named("f:$LATEST")), "AccessDeniedException", 403, functionARN+":$LATEST")
	w.grant("lambda:InvokeFunction", "*")
	wantError(t, "missing", invoke(named("g")), "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:eu-west-1:111111111111:function:g")
	wantError(t, "an alias", invoke(named("f:live")), "ResourceNotFoundException", 404, "function:f:live")
	wantError(t, "another region", invoke(named("arn:aws:lambda:us-east-1:111111111111:function:f")), "ResourceNotFoundException", 404, "us-east-1")
	wantError(t, "no name", invoke(named("a b")), "ValidationException", 400, "functionName")
	wantError(t, "no JSON", invoke(func(in *awslambda.InvokeInput) { in.Payload = []byte("{") }), "InvalidRequestContentException", 400, "Could not parse request body into json")
	wantError(t, "too large", invoke(func(in *awslambda.InvokeInput) { in.Payload = bytes.Repeat([]byte("1"), 6<<20+1) }), "RequestTooLargeException", 413, "6291456")
	wantError(t, "too large an event", invoke(func(in *awslambda.InvokeInput) {
		in.InvocationType, in.Payload = types.InvocationTypeEvent, bytes.Repeat([]byte("1"), 1<<20+1)
	}), "RequestTooLargeException", 413, "1048576")
	wantError(t, "a type of invocation", invoke(func(in *awslambda.InvokeInput) { in.InvocationType = "Later" }), "InvalidParameterValueException", 400, "Later")
	wantError(t, "a client context", invoke(func(in *awslambda.InvokeInput) { in.ClientContext = aws.String("e30=") }), "NotImplementedException", 501, "X-Amz-Client-Context")
	_, err := client.ListFunctions(t.Context(), &awslambda.ListFunctionsInput{})
	wantError(t, "another operation", err, "NotImplementedException", 501, "GET /2015-03-31/functions")

	none := 0
	w.deploy(func(in *lambda.Function) { in.ReservedConcurrentExecutions = &none })
	err = invoke(plainly)
	wantError(t, "throttled", err, "TooManyRequestsException", 429, "Rate Exceeded")
	if throttled, ok := errors.AsType[*types.TooManyRequestsException](err); !ok || throttled.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded {
		t.Errorf("throttled: %+v", throttled)
	}
	response := httptest.NewRecorder()
	e.Handler().ServeHTTP(response, httptest.NewRequest(http.MethodPost, "/2015-03-31/functions/f/invocations", nil))
	if body, _ := io.ReadAll(response.Result().Body); response.Code != 403 || response.Header().Get("X-Amzn-Errortype") != "MissingAuthenticationTokenException" {
		t.Errorf("unsigned: %d %s", response.Code, body)
	}
}

// TestInvokeByPermission checks that a permission lets a role of the account
// invoke the function. A role of another account also needs the right in its
// policies.
func TestInvokeByPermission(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	e := w.events(&hands{now: time.Now()})
	t.Cleanup(func() { must(t, e.Close(context.Background())) })
	const other = "arn:aws:iam::222222222222:role/other"
	put(w, iam.RoleToken, "other", iam.Role{Name: "other", AssumeRolePolicy: "{}"})
	own, foreign := w.invoker(e, w.authority.Issue(workerRole, "f")), w.invoker(e, w.authority.Issue(other, "x"))
	dry := func(client *awslambda.Client) error {
		_, err := client.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String(functionARN), InvocationType: types.InvocationTypeDryRun})
		return err
	}
	permit := func(principal string) {
		put(w, lambda.PermissionToken, "f s", lambda.Permission{Action: "lambda:InvokeFunction", Function: "f", Principal: principal, StatementID: "s"})
	}
	permit("events.amazonaws.com")
	wantError(t, "a permission of a service", dry(own), "AccessDeniedException", 403, "")
	permit("222222222222")
	wantError(t, "another account without the right", dry(foreign), "AccessDeniedException", 403, "identity-based")
	permit(workerRole)
	must(t, dry(own))
}
