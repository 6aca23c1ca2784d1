package dynamodb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"skiff/local/arn"
	"skiff/local/iam"
	"skiff/local/store"
)

// maxRequest is the largest request that DynamoDB takes, in bytes: a batch of
// 16 MB (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html).
const maxRequest = 16 << 20

// Front is the DynamoDB endpoint that functions call. It tells who signed a
// request, lets the policies of that role decide it, and hands what they allow
// to the engine.
type Front struct {
	tables    *Tables
	authority *iam.Authority
	transport http.RoundTripper
}

// maxIdle is how many connections to the engine are kept for the next call;
// the default of two would have most functions dial anew.
const maxIdle = 64

// NewFront decides calls to tables by authority.
func NewFront(tables *Tables, authority *iam.Authority) *Front {
	return &Front{tables: tables, authority: authority, transport: &http.Transport{MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: time.Minute}}
}

// operations are the calls that act on items. Of the others a function has no
// use, and the engine's answers would not be this cloud's.
func operations() []string {
	return []string{"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"}
}

func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		fail(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "the request is larger than 16 MB")
		return
	}
	if err != nil {
		answer(w, &apiError{"SerializationException", "the request ends early: " + err.Error()})
		return
	}
	if err := f.authorize(r, body); err != nil {
		answer(w, err)
		return
	}
	target, err := f.tables.engine(r.Context())
	if err != nil {
		fail(w, http.StatusInternalServerError, "InternalServerError", err.Error())
		return
	}
	to, err := url.Parse(target)
	if err != nil {
		fail(w, http.StatusInternalServerError, "InternalServerError", err.Error())
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	proxy := httputil.ReverseProxy{
		Transport: f.transport,
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(to) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			fail(w, http.StatusInternalServerError, "InternalServerError", "the local DynamoDB does not answer: "+err.Error())
		},
	}
	proxy.ServeHTTP(w, r)
}

func (f *Front) authorize(r *http.Request, body []byte) error {
	caller, err := f.authority.Authenticate(r, body)
	if err != nil {
		return err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !slices.Contains(operations(), operation) {
		return &apiError{"UnknownOperationException", fmt.Sprintf("the local cloud does not know the DynamoDB operation %q; it knows %s", operation, strings.Join(operations(), ", "))}
	}
	targets, err := targetsOf(operation, body)
	if err != nil {
		return err
	}
	for _, t := range targets {
		resource, missing := f.resource(caller, t)
		if err := f.authority.Authorize(caller, iam.Request{Action: "dynamodb:" + operation, Resource: resource}); err != nil {
			return err
		}
		if missing != nil {
			return missing
		}
	}
	return nil
}

// target is one table, or one index of it, that a call acts on.
type target struct{ table, index string }

// targetsOf reads the members that decide what an operation acts on, and no
// others: a call must not be decided by what the engine then ignores. For the
// same reason names are exact and none comes twice.
func targetsOf(operation string, body []byte) ([]target, error) {
	var call struct {
		TableName    string
		IndexName    string
		RequestItems map[string]jsontext.Value
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return nil, &apiError{"SerializationException", "the request is not the JSON of a call: " + err.Error()}
	}
	var targets []target
	switch operation {
	case "BatchGetItem", "BatchWriteItem":
		for _, name := range slices.Sorted(maps.Keys(call.RequestItems)) {
			targets = append(targets, target{table: name})
		}
	case "Query", "Scan":
		targets = []target{{call.TableName, call.IndexName}}
	default:
		targets = []target{{table: call.TableName}}
	}
	if len(targets) == 0 || targets[0].table == "" {
		return nil, &apiError{"ValidationException", "the call names no table"}
	}
	for _, t := range targets {
		if strings.HasPrefix(t.table, "arn:") {
			return nil, &apiError{"ValidationException", fmt.Sprintf("the local cloud takes a table by its name, not by its ARN as AWS does too: %s", t.table)}
		}
	}
	return targets, nil
}

// resource is the ARN that policies name. A table that the caller's region
// does not have has one too: only who may use it hears that it is missing.
func (f *Front) resource(caller iam.Caller, t target) (resource string, missing error) {
	r, err := store.Get[Table](f.tables.db, Token, t.table)
	if err == nil && r.Region != caller.Region {
		err = store.ErrNotFound
	}
	resource = tableARN(r)
	if err != nil {
		resource = arn.New("dynamodb", caller.Region, caller.Account(), "table/"+t.table)
		missing = err
	}
	if errors.Is(err, store.ErrNotFound) {
		missing = &apiError{"ResourceNotFoundException", "Requested resource not found"}
	}
	if t.index != "" {
		resource += "/index/" + t.index
	}
	return resource, missing
}

// apiError is an error in DynamoDB's own form.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

func answer(w http.ResponseWriter, err error) {
	var denied *iam.Denied
	var unsigned *iam.SignatureError
	var api *apiError
	switch {
	case errors.As(err, &denied):
		fail(w, http.StatusBadRequest, "AccessDeniedException", denied.Error())
	case errors.As(err, &unsigned):
		fail(w, http.StatusBadRequest, unsigned.Code, unsigned.Message)
	case errors.As(err, &api):
		fail(w, http.StatusBadRequest, api.code, api.message)
	default:
		fail(w, http.StatusInternalServerError, "InternalServerError", err.Error())
	}
}

// fail answers in the JSON 1.0 protocol
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html).
func fail(w http.ResponseWriter, status int, code, message string) {
	prefix := "com.amazon.coral.service#"
	switch code {
	case "ValidationException":
		prefix = "com.amazon.coral.validate#"
	case "ResourceNotFoundException", "InternalServerError":
		prefix = "com.amazonaws.dynamodb.v20120810#"
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, map[string]string{"__type": prefix + code, "message": message, "Message": message})
}
