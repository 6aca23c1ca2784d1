package dynamodb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/awsjson"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// maxRequest is the largest request that DynamoDB accepts, in bytes: a batch of
// 16 MB
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html).
const maxRequest = 16 << 20

// Front is the DynamoDB endpoint that functions call. It authenticates a
// request by its signature, authorizes it by the role's policies and forwards
// it to the engine.
type Front struct {
	tables    *Tables
	authority *iam.Authority
	engine    engineConns
}

// NewFront returns a Front for tables that authenticates and authorizes calls
// with authority.
func NewFront(tables *Tables, authority *iam.Authority) *Front {
	return &Front{tables: tables, authority: authority}
}

// engineAuthorization has the format of a signature. A local engine reads the
// key and the region from it and verifies nothing.
const engineAuthorization = "AWS4-HMAC-SHA256 Credential=" + engineKey + "/20260101/" + engineRegion + "/dynamodb/aws4_request, SignedHeaders=host, Signature=0"

// operations returns the operations on items. Functions do not use the others,
// and the engine's answers to them would not match this cloud.
func operations() []string {
	return []string{"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems", "TransactWriteItems", "UpdateItem"}
}

// Operations lists the operations that Front answers.
func (f *Front) Operations() []string { return operations() }

func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		fail(w, awserr.New("RequestEntityTooLargeException", "the request is larger than 16 MB"))
		return
	}
	if err != nil {
		fail(w, awserr.New("SerializationException", "the request ends early: %w", err))
		return
	}
	if err := f.authorize(r, body); err != nil {
		fail(w, err)
		return
	}
	target, err := f.tables.engine(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	if err := f.forward(w, r, target, body); err != nil {
		fail(w, fmt.Errorf("the local DynamoDB does not answer: %w", err))
	}
	if writes(r) {
		f.tables.wake()
	}
}

// forward sends a call to the engine and copies the response. It returns an
// error if the engine does not send a complete response.
func (f *Front) forward(w http.ResponseWriter, r *http.Request, engine string, body []byte) error {
	to, err := http.NewRequestWithContext(r.Context(), r.Method, engine+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	// Front has authorized the caller. The engine must see the user that
	// created the tables.
	to.Header.Set("Authorization", engineAuthorization)
	for _, name := range []string{"Content-Type", "X-Amz-Date", "X-Amz-Target"} {
		to.Header[name] = r.Header[name]
	}
	answer, result, err := f.engine.call(to)
	if err != nil {
		return err
	}
	for name, values := range answer.Header {
		if name != "Connection" && name != "Transfer-Encoding" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(result) // a write error means that the client has gone; the engine has completed the call
	return nil
}

// writes reports whether a call may change items.
func writes(r *http.Request) bool {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return slices.Contains([]string{"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"}, operation)
}

func (f *Front) authorize(r *http.Request, body []byte) error {
	caller, err := f.authority.Authenticate(r, body)
	if err != nil {
		return err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !slices.Contains(operations(), operation) {
		return awserr.New("UnknownOperationException", "the local cloud does not know the DynamoDB operation %q; it knows %s", operation, strings.Join(operations(), ", "))
	}
	targets, err := targetsOf(operation, body)
	if err != nil {
		return err
	}
	for _, t := range targets {
		resource, missing := f.resource(caller, t)
		if err := f.authority.Authorize(caller, iam.Request{Action: "dynamodb:" + t.action, Resource: resource}); err != nil {
			return err
		}
		if missing != nil {
			return missing
		}
	}
	if operation == "Query" {
		return checkQuery(body)
	}
	return nil
}

// target is a table or an index that a call acts on, with the IAM action that
// the call needs on it.
type target struct{ action, table, index string }

// transactItem is one item of a transaction. IAM authorizes the action on each
// item, not the transaction
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
type transactItem struct{ ConditionCheck, Delete, Get, Put, Update *tableOf }

// tableOf holds the table name of an action.
type tableOf struct{ TableName string }

func (i transactItem) targets() []target {
	var targets []target
	add := func(action string, on *tableOf) {
		if on != nil {
			targets = append(targets, target{action: action, table: on.TableName})
		}
	}
	add("ConditionCheckItem", i.ConditionCheck)
	add("DeleteItem", i.Delete)
	add("GetItem", i.Get)
	add("PutItem", i.Put)
	add("UpdateItem", i.Update)
	return targets
}

// targetsOf returns the tables and indexes that an operation acts on. It reads
// only the members that the engine uses: a member that the engine ignores must
// not affect authorization. For the same reason, member names are
// case-sensitive and a duplicate member is an error.
func targetsOf(operation string, body []byte) ([]target, error) {
	var call struct {
		TableName     string
		IndexName     string
		RequestItems  map[string]jsontext.Value
		TransactItems []transactItem
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return nil, awserr.New("SerializationException", "the request is not the JSON of a call: %w", err)
	}
	var targets []target
	switch operation {
	case "BatchGetItem", "BatchWriteItem":
		for _, name := range slices.Sorted(maps.Keys(call.RequestItems)) {
			targets = append(targets, target{action: operation, table: name})
		}
	case "TransactGetItems", "TransactWriteItems":
		for _, i := range call.TransactItems {
			targets = append(targets, i.targets()...)
		}
	case "Query", "Scan":
		targets = []target{{operation, call.TableName, call.IndexName}}
	default:
		targets = []target{{action: operation, table: call.TableName}}
	}
	if len(targets) == 0 {
		return nil, awserr.New("ValidationException", "the call names no table")
	}
	for _, t := range targets {
		if t.table == "" {
			return nil, awserr.New("ValidationException", "the call names no table")
		}
		if strings.HasPrefix(t.table, "arn:") {
			return nil, awserr.New("ValidationException", "the local cloud finds a table by its name only, although AWS also accepts its ARN: %s", t.table)
		}
	}
	return targets, nil
}

// resource returns the ARN that policies name. It also returns an ARN if the
// table is missing in the caller's region: only an authorized caller gets
// ResourceNotFoundException.
func (f *Front) resource(caller iam.Caller, t target) (resource string, missing error) {
	r, err := store.Peek[Table](f.tables.db, Token, t.table)
	if err == nil && r.Region != caller.Region {
		err = store.ErrNotFound
	}
	resource = tableARN(r)
	if err != nil {
		resource = arn.New("dynamodb", caller.Region, caller.Account(), "table/"+t.table)
		missing = err
	}
	if errors.Is(err, store.ErrNotFound) {
		missing = awserr.New("ResourceNotFoundException", "Requested resource not found")
	}
	if t.index != "" {
		resource += "/index/" + t.index
	}
	return resource, missing
}

// fail writes an error in the JSON 1.0 protocol
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html).
func fail(w http.ResponseWriter, err error) {
	awsjson.Fail(w, "1.0", func(code string) string {
		switch code {
		case "ValidationException":
			return "com.amazon.coral.validate#" + code
		case "ResourceNotFoundException", "InternalServerError":
			return "com.amazonaws.dynamodb.v20120810#" + code
		}
		return "com.amazon.coral.service#" + code
	}, err)
}
