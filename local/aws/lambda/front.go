package lambda

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// maxEventBytes is the largest payload of an asynchronous invocation: 1 MB
// since 2025
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxEventBytes = 1 << 20

// Handler returns the Lambda endpoint that functions and people call. It
// implements Invoke
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html) for a
// function's name or ARN, with the qualifier $LATEST or none. It refuses client
// contexts, durable executions, tenants and all other operations. It does not
// detect functions that invoke each other in a loop.
func (e *Events) Handler() http.Handler { return front{e} }

// front handles the calls of one endpoint.
type front struct{ events *Events }

func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := f.serve(w, r); err != nil {
		writeFault(w, faultOf(err))
	}
}

// Operations lists the operations that front answers.
func (f front) Operations() []string { return []string{"Invoke"} }

func (f front) serve(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequestBytes))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return tooLarge(MaxRequestBytes)
	}
	if err != nil {
		return badRequest("InvalidRequestContentException", "the request ends early: %v", err)
	}
	caller, err := f.events.functions.authority.Authenticate(r, body)
	if err != nil {
		return err
	}
	in, err := readInvoke(r, body)
	if err != nil {
		return err
	}
	return f.invoke(w, r, caller, in)
}

// invokeInput is the input of an Invoke call.
type invokeInput struct {
	function  string // name or ARN
	qualifier string
	kind      string // invocation type
	tail      bool   // the caller asks for the end of the log
	payload   []byte
}

// readInvoke parses an Invoke call. An empty payload becomes an empty object;
// AWS does not document this case.
func readInvoke(r *http.Request, body []byte) (invokeInput, error) {
	var in invokeInput
	parts := strings.Split(r.URL.EscapedPath(), "/")
	if r.Method != http.MethodPost || len(parts) != 5 || parts[1] != "2015-03-31" || parts[2] != "functions" || parts[4] != "invocations" {
		return in, notHere("the operation %s %s of Lambda; it has only Invoke", r.Method, r.URL.Path)
	}
	for _, name := range []string{"X-Amz-Client-Context", "X-Amz-Durable-Execution-Name", "X-Amz-Tenant-Id"} {
		if r.Header.Get(name) != "" {
			return in, notHere("the header %s of an invocation", name)
		}
	}
	var err error
	if in.function, err = url.PathUnescape(parts[3]); err != nil {
		return in, badRequest("InvalidParameterValueException", "the name of the function is malformed: %v", err)
	}
	in.kind, in.qualifier, in.payload = r.Header.Get("X-Amz-Invocation-Type"), r.URL.Query().Get("Qualifier"), body
	switch in.kind {
	case "":
		in.kind = "RequestResponse"
	case "RequestResponse", "Event", "DryRun":
	default:
		return in, badRequest("InvalidParameterValueException", "the invocation type %q is none of RequestResponse, Event, DryRun", in.kind)
	}
	switch kind := r.Header.Get("X-Amz-Log-Type"); kind {
	case "", "None":
	case "Tail":
		in.tail = true
	default:
		return in, badRequest("InvalidParameterValueException", "the log type %q is neither None nor Tail", kind)
	}
	if len(in.payload) == 0 {
		in.payload = []byte("{}")
	}
	if !json.Valid(in.payload) {
		return in, badRequest("InvalidRequestContentException", "Could not parse request body into json: it is not valid JSON")
	}
	if in.kind == "Event" && len(in.payload) > maxEventBytes {
		return in, tooLarge(maxEventBytes)
	}
	return in, nil
}

func (f front) invoke(w http.ResponseWriter, r *http.Request, caller iam.Caller, in invokeInput) error {
	functions := f.events.functions
	function, err := functions.named(caller, in.function, in.qualifier)
	if err != nil {
		return err
	}
	switch in.kind {
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
		return nil
	case "Event":
		if err := f.events.keep(Origin{Kind: "async", Source: caller.ARN}, functionARN(function), in.payload); err != nil {
			return err
		}
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	result, err := functions.runtime.Invoke(WithOrigin(r.Context(), Origin{Kind: "direct", Source: caller.ARN}), functions.current(function), in.payload)
	if errors.Is(err, ErrThrottled) {
		return throttled(function)
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Amz-Executed-Version", latest)
	h.Set("X-Amzn-Requestid", result.RequestID)
	if result.FunctionError != "" {
		h.Set("X-Amz-Function-Error", result.FunctionError)
	}
	if in.tail {
		h.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(result.Log))
	}
	_, _ = w.Write(result.Payload) // a write error means that the caller has gone; the function has run
	return nil
}

// named finds a function that a caller may invoke. function is a name in the
// caller's account and region, ACCOUNT:function:NAME or an ARN. named
// authorizes before it reports a missing function, so that only an authorized
// caller gets ResourceNotFoundException. The administrator has no account: for
// them, a name matches in every account.
func (f *Functions) named(c iam.Caller, function, qualifier string) (store.Record[Function], error) {
	asked, err := parseTarget(c, function, qualifier)
	if err != nil {
		return store.Record[Function]{}, err
	}
	r, err := store.Get[Function](f.db, FunctionToken, asked.name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return r, err
	}
	if asked.account == "" {
		asked.account = r.Account
	}
	found := err == nil && r.Account == asked.account && r.Region == asked.region
	resource, policy := arn.New("lambda", asked.region, asked.account, "function:"+asked.name), &iam.Document{}
	if found {
		if policy, err = f.policyOf(r); err != nil {
			return r, err
		}
	}
	if asked.qualifier != "" {
		resource += ":" + asked.qualifier
	}
	if err := f.authority.Authorize(c, iam.Request{Action: "lambda:InvokeFunction", Resource: resource, Policy: policy}); err != nil {
		return r, err
	}
	if !found || asked.qualifier != "" && asked.qualifier != latest {
		return r, &fault{http.StatusNotFound, "ResourceNotFoundException", "Function not found: " + resource, ""}
	}
	return r, nil
}

// target is the function that a call names.
type target struct{ account, region, name, qualifier string }

func parseTarget(c iam.Caller, function, qualifier string) (target, error) {
	t := target{account: c.Account(), region: c.Region}
	parts := strings.Split(function, ":")
	if a, ok := arn.Parse(function); ok && a.Service == "lambda" && strings.HasPrefix(a.Resource, "function:") {
		t.region, t.account, parts = a.Region, a.AccountID, parts[6:]
	} else if len(parts) >= 3 && parts[1] == "function" {
		t.account, parts = parts[0], parts[2:]
	}
	t.name = parts[0]
	if len(parts) == 2 {
		t.qualifier = parts[1]
	}
	if len(parts) > 2 || !functionName.MatchString(t.name) {
		return t, badRequest("ValidationException", "1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint: it is neither the name nor the ARN of a function", function)
	}
	if qualifier != "" && t.qualifier != "" && qualifier != t.qualifier {
		return t, badRequest("InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.")
	}
	if qualifier != "" {
		t.qualifier = qualifier
	}
	return t, nil
}

// policyOf returns the permissions of a function as a resource policy.
func (f *Functions) policyOf(function store.Record[Function]) (*iam.Document, error) {
	held, err := f.permissionsOf(function)
	if err != nil || len(held) == 0 {
		return &iam.Document{}, err
	}
	var statements []map[string]any
	for _, p := range held {
		var principal any = map[string]string{"AWS": p.Principal}
		if p.Principal == "*" {
			principal = "*"
		} else if strings.HasSuffix(p.Principal, ".amazonaws.com") {
			principal = map[string]string{"Service": p.Principal}
		}
		s := map[string]any{"Sid": p.StatementID, "Effect": "Allow", "Principal": principal, "Action": p.Action, "Resource": functionARN(function)}
		condition := map[string]any{}
		if p.SourceARN != "" {
			condition["ArnLike"] = map[string]string{"aws:SourceArn": p.SourceARN}
		}
		if p.SourceAccount != "" {
			condition["StringEquals"] = map[string]string{"aws:SourceAccount": p.SourceAccount}
		}
		if len(condition) > 0 {
			s["Condition"] = condition
		}
		statements = append(statements, s)
	}
	data, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		return nil, err
	}
	d, err := iam.ParseResource(string(data))
	if err != nil {
		return nil, fmt.Errorf("the permissions of function %s: %w", function.ID, err)
	}
	return d, nil
}
