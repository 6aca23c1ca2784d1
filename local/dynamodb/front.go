package dynamodb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"

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
}

// NewFront decides calls to tables by authority.
func NewFront(tables *Tables, authority *iam.Authority) *Front {
	return &Front{tables: tables, authority: authority}
}

// operations are the calls that act on items. Of the others a function has no
// use, and the engine's answers would not be this cloud's.
func operations() []string {
	return []string{"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"}
}

func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		fail(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "the request is larger than 16 MB")
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
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to) },
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
	targets, err := targetsOf(body)
	if err != nil {
		return &apiError{"SerializationException", err.Error()}
	}
	for _, t := range targets {
		resource, err := f.resource(t)
		if err != nil {
			return err
		}
		if err := f.authority.Authorize(caller, iam.Request{Action: "dynamodb:" + operation, Resource: resource}); err != nil {
			return err
		}
	}
	return nil
}

// target is one table, or one index of it, that a call acts on.
type target struct{ table, index string }

func targetsOf(body []byte) ([]target, error) {
	var call struct {
		TableName    string
		IndexName    string
		RequestItems map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return nil, errors.New("the request is not JSON")
	}
	if call.RequestItems == nil {
		return []target{{call.TableName, call.IndexName}}, nil
	}
	var targets []target
	for _, name := range slices.Sorted(maps.Keys(call.RequestItems)) {
		targets = append(targets, target{table: name})
	}
	return targets, nil
}

// resource is the ARN that policies name. A table that does not exist has the
// same answer as on AWS for a caller who may use it.
func (f *Front) resource(t target) (string, error) {
	r, err := store.Get[Table](f.tables.db, Token, t.table)
	if errors.Is(err, store.ErrNotFound) {
		return "", &apiError{"ResourceNotFoundException", "Requested resource not found"}
	}
	if err != nil {
		return "", err
	}
	if t.index != "" {
		return tableARN(r) + "/index/" + t.index, nil
	}
	return tableARN(r), nil
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
	prefix := "com.amazonaws.dynamodb.v20120810#"
	if code == "AccessDeniedException" || strings.HasSuffix(code, "SignatureException") || code == "UnrecognizedClientException" || code == "SerializationException" {
		prefix = "com.amazon.coral.service#"
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"__type": prefix + code, "message": message, "Message": message})
}
