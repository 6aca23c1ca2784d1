package dynamodb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

func TestCallsOfTheSDK(t *testing.T) {
	t.Parallel()
	const own = "TestCallsOfTheSDK"
	f := newFixture(t, allow(`"dynamodb:PutItem","dynamodb:Query","dynamodb:BatchGetItem"`, own))
	f.declare(t, items(own))
	f.declare(t, items(own+"-other"))
	put := func(c *dynamodb.Client, table string) error {
		_, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: key("1")})
		return err
	}
	query := func(index *string) error {
		input := &dynamodb.QueryInput{TableName: aws.String(own), IndexName: index, KeyConditionExpression: aws.String("id = :v"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":v": &types.AttributeValueMemberS{Value: "1"}}}
		_, err := f.client.Query(t.Context(), input)
		return err
	}
	batch := func(tables ...string) error {
		request := map[string]types.KeysAndAttributes{}
		for _, table := range tables {
			request[table] = types.KeysAndAttributes{Keys: []map[string]types.AttributeValue{key("1")}}
		}
		_, err := f.client.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: request})
		return err
	}
	const denied = "AccessDeniedException"
	tests := []struct {
		name string
		call func() error
		want string // the error code
		on   string // the resource of a denial
	}{
		{"allowed", func() error { return put(f.client, own) }, "", ""},
		{"other table", func() error { return put(f.client, own+"-other") }, denied, "table/" + own + "-other "},
		{"other region", func() error { return put(f.in("us-east-1"), own) }, denied, "dynamodb:us-east-1:"},
		{"other action", func() error {
			_, err := f.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(own), Key: key("1")})
			return err
		}, denied, "table/" + own + " "},
		{"query", func() error { return query(nil) }, "", ""},
		{"query of an index", func() error { return query(aws.String("by-status")) }, denied, "table/" + own + "/index/by-status "},
		{"batch", func() error { return batch(own) }, "", ""},
		{"batch with one denied", func() error { return batch(own, own+"-other") }, denied, "table/" + own + "-other "},
		{"missing table", func() error { return put(f.client, "none") }, denied, "table/none "},
		{"an operation on a table", func() error {
			_, err := f.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(own)})
			return err
		}, "UnknownOperationException", `"DescribeTable"; it knows BatchGetItem`},
		{"by ARN", func() error { return put(f.client, "arn:aws:dynamodb:eu-west-1:111111111111:table/"+own) }, "ValidationException", "finds a table by its name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.call()
			var api smithy.APIError
			code, message := "", ""
			if errors.As(err, &api) {
				code, message = api.ErrorCode(), api.ErrorMessage()
			}
			if code != test.want || (err == nil) != (test.want == "") || !strings.Contains(message, test.on) {
				t.Errorf("error %v, want %q with %q", err, test.want, test.on)
			}
		})
	}
}

// TestMissingTable checks that an authorized caller gets
// ResourceNotFoundException for a missing table.
func TestMissingTable(t *testing.T) {
	t.Parallel()
	f := newFixture(t, allow(`"dynamodb:*"`, "*"))
	_, err := f.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("none"), Key: key("1")})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("error %v, want ResourceNotFoundException", err)
	}
}

// post sends a call, signed if keys is not nil, and returns the response.
func (f *fixture) post(t *testing.T, keys *iam.Credentials, operation string, body []byte) (status int, code, message string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	if keys != nil {
		sum := sha256.Sum256(body)
		credentials := aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}
		if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(sum[:]), "dynamodb", region, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Fatalf("answer %s: %v", data, err)
	}
	return response.StatusCode, answer.Type, answer.Message
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const own = "TestRefusals"
	f := newFixture(t, allow(`"dynamodb:*"`, own))
	f.declare(t, items(own))
	f.declare(t, items("secret-"+own))
	stranger := &iam.Credentials{AccessKeyID: "ASIASTRANGER", SecretAccessKey: "x", SessionToken: "y"}
	get := func(members string) []byte { return []byte(`{"Key":{"id":{"S":"1"}},` + members + `}`) }
	query := func(value string) []byte {
		return []byte(`{"TableName":"` + own + `","KeyConditionExpression":"id = :id","FilterExpression":"x = :x","ExpressionAttributeValues":{":id":` + value + `,":x":{"S":""}}}`)
	}
	const service, secret = "com.amazon.coral.service#", `"TableName":"secret-` + own + `"`
	tests := []struct {
		name, operation string
		keys            *iam.Credentials
		body            []byte
		status          int
		code            string
	}{
		{"allowed", "GetItem", &f.keys, get(`"TableName":"` + own + `"`), 200, ""},
		{"no signature", "GetItem", nil, get(`"TableName":"` + own + `"`), 400, service + "MissingAuthenticationTokenException"},
		{"a stranger", "GetItem", stranger, get(`"TableName":"` + own + `"`), 400, service + "UnrecognizedClientException"},
		{"unknown operation", "Destroy", &f.keys, []byte(`{}`), 400, service + "UnknownOperationException"},
		{"no operation", "", &f.keys, []byte(`{}`), 400, service + "UnknownOperationException"},
		{"no JSON", "GetItem", &f.keys, []byte(`{"TableName"`), 400, service + "SerializationException"},
		{"a list", "GetItem", &f.keys, []byte(`[]`), 400, service + "SerializationException"},
		{"number as a table", "GetItem", &f.keys, []byte(`{"TableName":7}`), 400, service + "SerializationException"},
		{"no table", "GetItem", &f.keys, []byte(`{}`), 400, "com.amazon.coral.validate#ValidationException"},
		{"no table in a batch", "BatchGetItem", &f.keys, []byte(`{"RequestItems":{}}`), 400, "com.amazon.coral.validate#ValidationException"},
		{"too large", "PutItem", &f.keys, bytes.Repeat([]byte(" "), maxRequest+1), 413, service + "RequestEntityTooLargeException"},

		{"an empty key value", "Query", &f.keys, query(`{"S":""}`), 400, "com.amazon.coral.validate#ValidationException"},
		{"an empty binary key value", "Query", &f.keys, query(`{"B":""}`), 400, "com.amazon.coral.validate#ValidationException"},
		{"an empty value that is no key", "Query", &f.keys, query(`{"S":"1"}`), 200, ""},

		// Authorization must read the same members as the engine.
		{"another batch beside", "GetItem", &f.keys, get(secret + `,"RequestItems":{"` + own + `":{}}`), 400, service + "AccessDeniedException"},
		{"a table beside a batch", "BatchGetItem", &f.keys, []byte(`{"TableName":"` + own + `","RequestItems":{"secret-` + own + `":{"Keys":[{"id":{"S":"1"}}]}}}`), 400, service + "AccessDeniedException"},
		{"a table in another case", "GetItem", &f.keys, get(secret + `,"tableName":"` + own + `"`), 400, service + "AccessDeniedException"},
		{"a table twice", "GetItem", &f.keys, get(secret + `,"TableName":"` + own + `"`), 400, service + "SerializationException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, code, message := f.post(t, test.keys, test.operation, test.body)
			if status != test.status || code != test.code {
				t.Errorf("answer %d %s (%s), want %d %s", status, code, message, test.status, test.code)
			}
		})
	}
}

func TestEngineIsGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, allow(`"dynamodb:*"`, "*"))
	put(t, f.tables.db, Token, "items", items("items"))
	for want, url := range map[string]string{"does not answer": "http://127.0.0.1:1", "no room": ""} {
		f.tables.engine = func(context.Context) (string, error) {
			if url == "" {
				return "", errors.New("no room")
			}
			return url, nil
		}
		status, code, message := f.post(t, &f.keys, "Scan", []byte(`{"TableName":"items"}`))
		if status != http.StatusInternalServerError || !strings.HasSuffix(code, "#InternalServerError") || !strings.Contains(message, want) {
			t.Errorf("answer %d %s %s, want one with %q", status, code, message, want)
		}
	}
}

func TestPolicyOfAnIndex(t *testing.T) {
	t.Parallel()
	const own = "TestPolicyOfAnIndex"
	f := newFixture(t, allow(`"dynamodb:Scan"`, own+"/index/*"))
	f.declare(t, items(own))
	scan := func(index *string) error {
		_, err := f.client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(own), IndexName: index})
		return err
	}
	if err := scan(aws.String("by-status")); err != nil {
		t.Error(err)
	}
	if err := scan(nil); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("scan of the table: %v", err)
	}
	// The table's record is gone, so the caller gets ResourceNotFoundException.
	if err := store.Delete(f.tables.db, Token, own); err != nil {
		t.Fatal(err)
	}
	if err := scan(aws.String("by-status")); err == nil || !strings.Contains(err.Error(), "ResourceNotFound") {
		t.Errorf("scan without a table: %v", err)
	}
}
