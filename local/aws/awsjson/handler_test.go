package awsjson

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

type input struct{ Name string }

func newServer(t *testing.T) (url string, keys iam.Credentials) {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	authority := iam.NewAuthority(db, nil)
	server := httptest.NewServer(&Handler{
		Version: "1.0", Prefix: "Things", Namespace: "com.example", MaxBytes: 100, Authority: authority,
		Query: map[string]string{"NoSuchThing": "Old.NoSuchThing"},
		Operations: map[string]Operation{
			"Greet": Of(func(_ context.Context, c iam.Caller, in input) (map[string]string, error) {
				return map[string]string{"Greeting": "hello " + in.Name, "By": c.Account()}, nil
			}),
			"Find": Of(func(context.Context, iam.Caller, input) (*input, error) {
				return nil, awserr.New("NoSuchThing", "none")
			}),
			"Break":  Of(func(context.Context, iam.Caller, input) (*input, error) { return nil, errors.New("disk full") }),
			"Forbid": Of(func(context.Context, iam.Caller, input) (*input, error) { return nil, &iam.Denied{Caller: "me"} }),
		},
	})
	t.Cleanup(server.Close)
	return server.URL, authority.Issue("arn:aws:iam::111111111111:role/r", "f")
}

func TestHandler(t *testing.T) {
	t.Parallel()
	url, keys := newServer(t)
	for _, test := range []struct {
		name, method, target, body string
		signed                     bool
		status                     int
		want, query                string // parts of the response's body, and a header
	}{
		{"call", "POST", "Things.Greet", `{"Name":"you","Other":[1]}`, true, 200, `{"By":"111111111111","Greeting":"hello you"}`, ""},
		{"members by another case", "POST", "Things.Greet", `{"name":"you"}`, true, 200, `"Greeting":"hello "`, ""},
		{"error", "POST", "Things.Find", `{}`, true, 400, `{"__type":"com.example#NoSuchThing","message":"none"}`, "Old.NoSuchThing;Sender"},
		{"failure", "POST", "Things.Break", `{}`, true, 500, `{"__type":"com.example#InternalServerError","message":"disk full"}`, ""},
		{"denied", "POST", "Things.Forbid", `{}`, true, 400, `"__type":"com.example#AccessDeniedException"`, ""},
		{"not signed", "POST", "Things.Greet", `{}`, false, 400, "#MissingAuthenticationTokenException", ""},
		{"member twice", "POST", "Things.Greet", `{"Name":"a","Name":"b"}`, true, 400, "#SerializationException", ""},
		{"no JSON", "POST", "Things.Greet", `{`, true, 400, "#SerializationException", ""},
		{"empty", "POST", "Things.Greet", ``, true, 400, "#SerializationException", ""},
		{"another type", "POST", "Things.Greet", `{"Name":1}`, true, 400, "#SerializationException", ""},
		{"no UTF-8", "POST", "Things.Greet", "{\"Name\":\"\xff\"}", true, 400, "#SerializationException", ""},
		{"too large", "POST", "Things.Greet", `{"Name":"` + strings.Repeat("x", 100) + `"}`, true, 413, "#RequestEntityTooLargeException", ""},
		{"unknown operation", "POST", "Things.Dance", `{}`, true, 400, `does not know the operation \"Things.Dance\"; it knows these operations of Things: Break, Find, Forbid, Greet`, ""},
		{"another service", "POST", "Others.Greet", `{}`, true, 400, "#UnknownOperationException", ""},
		{"no operation", "POST", "", `{}`, true, 400, "#UnknownOperationException", ""},
		{"another method", "PUT", "Things.Greet", `{}`, true, 400, "#UnknownOperationException", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), test.method, url, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Amz-Target", test.target)
			if test.signed {
				sum := sha256.Sum256([]byte(test.body))
				credentials := aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}
				if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(sum[:]), "things", "eu-west-1", time.Now()); err != nil {
					t.Fatal(err)
				}
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			data, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status || !strings.Contains(string(data), test.want) || response.Header.Get("X-Amzn-Query-Error") != test.query {
				t.Errorf("answer %d %s, %v; want %d %s", response.StatusCode, data, response.Header, test.status, test.want)
			}
			if got := response.Header.Get("Content-Type"); got != "application/x-amz-json-1.0" {
				t.Errorf("content type %q", got)
			}
		})
	}
}
