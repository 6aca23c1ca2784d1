package websocket

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi/types"
	"github.com/aws/smithy-go"
	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// manageAll allows everything on the connections of the fixture's stage.
const manageAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:ManageConnections","Resource":"arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/prod/*/@connections/*"}]}`

// newManaged returns a fixture with the SDK client that functions use.
func newManaged(t *testing.T, policy string, change func(*Options)) (*fixture, *apigatewaymanagementapi.Client, iam.Credentials) {
	t.Helper()
	authority, keys := newAuthority(t, policy, nil)
	f := newFixture(t, func(o *Options) {
		o.Authority = authority
		if change != nil {
			change(o)
		}
	})
	return f, f.client(keys, region), keys
}

func (f *fixture) client(keys iam.Credentials, region string) *apigatewaymanagementapi.Client {
	o := apigatewaymanagementapi.Options{
		Region: region, BaseEndpoint: &f.url, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, nil
		}),
	}
	if f.http != nil {
		o.HTTPClient = f.http
	}
	return apigatewaymanagementapi.New(o)
}

func post(ctx context.Context, client *apigatewaymanagementapi.Client, id, data string) error {
	_, err := client.PostToConnection(ctx, &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: []byte(data)})
	return err
}

// failsWith checks an AWS error's code and a part of its message.
func failsWith(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		t.Errorf("error %v, want %s: %s", err, code, message)
	}
}

func TestPost(t *testing.T) {
	t.Parallel()
	f, client, _ := newManaged(t, manageAll, nil)
	c, connected := f.connect(t)
	id := connected.event.RequestContext.ConnectionID
	full := strings.Repeat("x", 128<<10)
	for sent, want := range map[string]string{`{"id":"ü"}`: `{"id":"ü"}`, full: full, "": "", "a\xffb": "a\uFFFDb"} {
		if err := post(t.Context(), client, id, sent); err != nil {
			t.Fatal(err)
		}
		if got := read(t, c); got != want {
			t.Errorf("message %.50q, want %.50q", got, want)
		}
	}
	failsWith(t, post(t.Context(), client, id, full+"x"), "PayloadTooLargeException", "")
	failsWith(t, post(t.Context(), client, "short", "x"), "BadRequestException", "short")
	failsWith(t, post(t.Context(), client, "AAAAAAAAAAAAAAA=", "x"), "GoneException", "")
}

// TestPostAtOnce posts at the moment a client connects.
func TestPostAtOnce(t *testing.T) {
	t.Parallel()
	f, client, _ := newManaged(t, manageAll, nil)
	for range 50 {
		c, connected := f.connect(t)
		if err := post(t.Context(), client, connected.event.RequestContext.ConnectionID, "x"); err != nil {
			t.Fatal(err)
		}
		read(t, c)
		c.Close(websocket.StatusNormalClosure, "")
		f.next(t, "$disconnect")
	}
}

// TestPostBeforeConnected has a $connect function that posts to its client.
func TestPostBeforeConnected(t *testing.T) {
	t.Parallel()
	f, client, _ := newManaged(t, manageAll, nil)
	posted := make(chan error, 1)
	f.do("$connect", func(i invocation) (lambda.Result, error) {
		posted <- post(t.Context(), client, i.event.RequestContext.ConnectionID, "x")
		return lambda.Result{Payload: []byte(`{"statusCode":200}`)}, nil
	})
	f.connect(t)
	failsWith(t, <-posted, "GoneException", "")
}

func TestGetConnection(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	clock := time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.UTC)
	began := clock
	f, client, _ := newManaged(t, manageAll, func(o *Options) {
		o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return clock }
	})
	c, connected := f.connect(t)
	id := connected.event.RequestContext.ConnectionID
	want := &apigatewaymanagementapi.GetConnectionOutput{
		ConnectedAt: &began, LastActiveAt: &began,
		Identity: &types.Identity{SourceIp: aws.String("127.0.0.1"), UserAgent: aws.String("Go-http-client/1.1")},
	}
	check := func() {
		t.Helper()
		got, err := client.GetConnection(t.Context(), &apigatewaymanagementapi.GetConnectionInput{ConnectionId: &id})
		if err != nil {
			t.Fatal(err)
		}
		got.ResultMetadata = want.ResultMetadata
		if diff := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool {
			return p.Last().String() == ".ResultMetadata" || p.Last().String() == ".noSmithyDocumentSerde"
		}, cmp.Ignore())); diff != "" {
			t.Error(diff)
		}
	}
	check()
	for _, exchange := range []func(){
		func() { write(t, c, "x"); f.next(t, "$default") },
		func() {
			if err := post(t.Context(), client, id, "x"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		mu.Lock()
		clock = clock.Add(time.Minute)
		active := clock
		mu.Unlock()
		exchange()
		want.LastActiveAt = &active
		check()
	}
}

func TestDeleteConnection(t *testing.T) {
	t.Parallel()
	f, client, _ := newManaged(t, manageAll, nil)
	c, connected := f.connect(t)
	id := connected.event.RequestContext.ConnectionID
	if _, err := client.DeleteConnection(t.Context(), &apigatewaymanagementapi.DeleteConnectionInput{ConnectionId: &id}); err != nil {
		t.Fatal(err)
	}
	failsWith(t, post(t.Context(), client, id, "x"), "GoneException", "")
	if got := closed(t, c); got.Code != websocket.StatusNormalClosure {
		t.Errorf("close %v", got)
	}
	// The code and the reason are recorded.
	if code, reason := f.left(t); code != 1000 || reason != "Connection Closed Normally" {
		t.Errorf("disconnect %d %q", code, reason)
	}
	_, err := client.DeleteConnection(t.Context(), &apigatewaymanagementapi.DeleteConnectionInput{ConnectionId: &id})
	failsWith(t, err, "GoneException", "")
}

func TestGoneAfterLeaving(t *testing.T) {
	t.Parallel()
	f, client, _ := newManaged(t, manageAll, nil)
	c, connected := f.connect(t)
	c.Close(websocket.StatusNormalClosure, "")
	f.next(t, "$disconnect")
	failsWith(t, post(t.Context(), client, connected.event.RequestContext.ConnectionID, "x"), "GoneException", "")
}

// TestOtherStage uses an id of another stage, which this stage must not find.
func TestOtherStage(t *testing.T) {
	t.Parallel()
	f, client, _ := newManaged(t, manageAll, nil)
	_, connected := f.connect(t)
	f.change(func(s *Stage) { s.APIID = "zzzzzzzzzz" })
	id := connected.event.RequestContext.ConnectionID
	failsWith(t, post(t.Context(), client, id, "x"), "AccessDeniedException", "zzzzzzzzzz/prod/POST/")
	f.change(func(s *Stage) { s.APIID, s.Name = "a1b2c3d4e5", "dev" })
	failsWith(t, post(t.Context(), client, id, "x"), "AccessDeniedException", "a1b2c3d4e5/dev/POST/")
}

// TestMethods uses a role that may only post.
func TestMethods(t *testing.T) {
	t.Parallel()
	f, client, _ := newManaged(t, strings.Replace(manageAll, "prod/*/", "prod/POST/", 1), nil)
	_, connected := f.connect(t)
	id := connected.event.RequestContext.ConnectionID
	_, err := client.GetConnection(t.Context(), &apigatewaymanagementapi.GetConnectionInput{ConnectionId: &id})
	failsWith(t, err, "AccessDeniedException", "prod/GET/@connections/{connectionId}")
	_, err = client.DeleteConnection(t.Context(), &apigatewaymanagementapi.DeleteConnectionInput{ConnectionId: &id})
	failsWith(t, err, "AccessDeniedException", "prod/DELETE/@connections/{connectionId}")
	if err := post(t.Context(), client, id, "x"); err != nil {
		t.Error(err)
	}
}

// TestRemoveAtOnce checks that a connection is gone as soon as its removal is
// answered.
func TestRemoveAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	_, connected := f.connect(t)
	c, ok := f.gateway.connection(*f.stage, connected.event.RequestContext.ConnectionID)
	for !ok { // the client may be ahead of the gateway
		c, ok = f.gateway.connection(*f.stage, connected.event.RequestContext.ConnectionID)
	}
	w := httptest.NewRecorder()
	c.remove(w)
	if _, ok := f.gateway.connection(*f.stage, c.id); ok || w.Code != http.StatusNoContent {
		t.Errorf("status %d, still known: %t", w.Code, ok)
	}
}
