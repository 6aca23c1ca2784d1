package items

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas"
	"skiff/local/dynalite"
)

const (
	testSecret = "a-secret-that-no-line-shows"
	account    = "987612340987"
)

// database is the one dynalite of this test binary.
var database *dynalite.Server

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := dynalite.CacheDir()
	if err == nil {
		dir, err = dynalite.Install(context.Background(), dir, os.Stderr)
	}
	if err == nil {
		database, err = dynalite.Start(context.Background(), dynalite.Options{Dir: dir, Account: account, Stderr: os.Stderr})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer database.Close()
	return m.Run()
}

var tables atomic.Int64

// world is one table and the API on it, with a proxy between them that can do
// harm and sees every call.
type world struct {
	t     *testing.T
	api   *API
	table string
	log   *syncBuffer
	proxy *proxy

	mutex    sync.Mutex
	now      time.Time
	stored   map[string]bool // ids of the items that must be there
	deadline time.Duration   // of an invocation; 0 for none
	faulty   bool            // answers may be 500 and above
	sent     int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, table: fmt.Sprintf("table-of-items-%d", tables.Add(1)), log: &syncBuffer{},
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), stored: map[string]bool{},
	}
	w.proxy = newProxy(t)
	w.api = w.process(time.Minute) // a busy machine is no failure of the store
	w.createTable()
	t.Cleanup(w.checkInvariants)
	return w
}

// process is the API as another process would have it: nothing is shared but
// the table, the clock and the log.
func (w *world) process(tryTime time.Duration) *API {
	w.t.Helper()
	environment := map[string]string{
		lambdas.TableNameVariable: w.table, lambdas.LogLevelVariable: "debug", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": testSecret, "AWS_SESSION_TOKEN": testSecret,
		"AWS_ENDPOINT_URL_DYNAMODB": w.proxy.url,
	}
	getenv := func(name string) string { return environment[name] }
	api, err := newAPI(getenv, w.log)
	if err == nil {
		api.Store, err = newStore(getenv, tryTime)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	api.Now = w.clock
	return api
}

func (w *world) clock() time.Time {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.now = w.now.Add(d)
}

// client reaches the table past the proxy.
func (w *world) client() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(database.URL()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})
}

func (w *world) createTable() {
	w.t.Helper()
	attribute := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	element := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: kind}
	}
	_, err := w.client().CreateTable(w.t.Context(), &dynamodb.CreateTableInput{
		TableName: &w.table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			attribute(lambdas.KeyAttribute), attribute(lambdas.StatusKey), attribute(lambdas.CreatedKey),
		},
		KeySchema: []types.KeySchemaElement{element(lambdas.KeyAttribute, types.KeyTypeHash)},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String(lambdas.StatusIndex),
			KeySchema:  []types.KeySchemaElement{element(lambdas.StatusKey, types.KeyTypeHash), element(lambdas.CreatedKey, types.KeyTypeRange)},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for {
		out, err := w.client().DescribeTable(w.t.Context(), &dynamodb.DescribeTableInput{TableName: &w.table})
		if err != nil {
			w.t.Fatal(err)
		}
		if out.Table.TableStatus == types.TableStatusActive {
			return
		}
	}
}

// answer is a Response with its body read.
type answer struct {
	Response
	fields map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.fields[name].(string)
	return s
}

// headers are the headers of a request, in the gateway's lower case.
type headers map[string]string

var jsonBody = headers{"content-type": "application/json"}

func with(h headers, name, value string) headers {
	both := headers{name: value}
	for n, v := range h {
		if n != name {
			both[n] = v
		}
	}
	return both
}

// send makes the event that the gateway makes of a request, and calls the
// route's handler with it.
func (w *world) send(method, path string, h headers, body string) answer {
	w.t.Helper()
	return w.sendTo(w.api, method, path, h, body)
}

func (w *world) sendTo(api *API, method, path string, h headers, body string) answer {
	w.t.Helper()
	w.mutex.Lock()
	w.now = w.now.Add(time.Millisecond)
	w.sent++
	requestID := fmt.Sprintf("request-%d", w.sent)
	w.mutex.Unlock()
	event, route := eventOf(w.t, method, path, h, body)
	event.RequestContext.RequestID = requestID
	ctx := context.Background() // a test's own has ended when its cleanups run
	if w.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.deadline)
		defer cancel()
	}
	response, err := api.Handler(route)(ctx, event)
	if err != nil {
		w.t.Fatalf("%s %s: the handler failed: %v", method, path, err)
	}
	if ctx.Err() != nil {
		w.t.Errorf("%s %s: answered after the deadline", method, path)
	}
	return w.check(requestID, response)
}

// eventOf follows
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func eventOf(t *testing.T, method, path string, h headers, body string) (Request, Route) {
	t.Helper()
	encoded, query, _ := strings.Cut(path, "?")
	raw, err := url.PathUnescape(encoded)
	if err != nil {
		t.Fatal(err)
	}
	event := Request{Version: "2.0", RawPath: raw, RawQueryString: query, Headers: h, Body: body}
	event.RequestContext.HTTP.Method = method
	if values, err := url.ParseQuery(query); err == nil && query != "" {
		event.QueryStringParameters = map[string]string{}
		for name, all := range values {
			event.QueryStringParameters[name] = strings.Join(all, ",")
		}
	}
	if !utf8.ValidString(body) || strings.Contains(h["content-type"], "octet-stream") {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(body)), true
	}
	routes := map[string]Route{
		"POST /items": Create, "GET /items": List, "GET /health": Health,
		"GET /items/{id}": Get, "PUT /items/{id}": Update, "DELETE /items/{id}": Delete,
	}
	event.RouteKey = method + " " + encoded
	if _, segment, found := strings.Cut(encoded, "/items/"); found {
		id, err := url.PathUnescape(segment)
		if err != nil {
			t.Fatal(err)
		}
		event.RouteKey = method + " /items/{id}"
		event.PathParameters = map[string]string{"id": id}
	}
	route, found := routes[event.RouteKey]
	if !found {
		t.Fatalf("no route %s", event.RouteKey)
	}
	return event, route
}

// check holds an answer against what every answer must be.
func (w *world) check(requestID string, r Response) answer {
	w.t.Helper()
	a := answer{Response: r}
	if r.Body != "" {
		if err := json.Unmarshal([]byte(r.Body), &a.fields); err != nil {
			w.t.Errorf("the body is not JSON: %v: %.200s", err, r.Body)
		}
	}
	w.checkLeaks("an answer", r.Body+fmt.Sprint(r.Headers))
	if r.Headers["X-Content-Type-Options"] != "nosniff" {
		w.t.Error("no X-Content-Type-Options")
	}
	wantType := "application/json"
	switch {
	case r.StatusCode == 204:
		wantType = ""
	case r.StatusCode >= 400:
		wantType = "application/problem+json"
		if a.text("type") != "about:blank" || a.text("title") != http.StatusText(r.StatusCode) || a.text("detail") == "" ||
			a.text("requestId") != requestID || a.fields["status"] != float64(r.StatusCode) || len(a.fields) != 6 {
			w.t.Errorf("not the problem it should be: %s", r.Body)
		}
	}
	if got := r.Headers["Content-Type"]; got != wantType {
		w.t.Errorf("status %d has content type %q, want %q", r.StatusCode, got, wantType)
	}
	if r.StatusCode/100 == 3 || r.StatusCode < 200 || (r.StatusCode >= 500 && !w.faulty) {
		w.t.Errorf("status %d: %s\n%s", r.StatusCode, r.Body, w.log.String())
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if r.StatusCode == 201 {
		w.stored[a.text("id")] = true
	}
	return a
}

func (w *world) checkLeaks(where, text string) {
	w.t.Helper()
	for _, word := range []string{"arn:", w.table, testSecret, account, "goroutine", ".go:"} {
		if strings.Contains(text, word) {
			w.t.Errorf("%s shows %q: %.300s", where, word, text)
		}
	}
}

// checkInvariants holds the end of a test against what is true after every
// case of the contract.
func (w *world) checkInvariants() {
	if w.t.Failed() {
		return
	}
	w.proxy.fault(nil)
	w.faulty, w.deadline = false, 0
	w.checkLog()
	control := w.create(`{"name":"control","status":"archived"}`)
	if got := w.send("GET", "/items/"+control, nil, ""); got.StatusCode != 200 {
		w.t.Errorf("the control item: status %d", got.StatusCode)
	}
	if got, want := w.ids(), sortedKeys(w.stored); !slices.Equal(got, want) {
		w.t.Errorf("stored are %d items, want %d: %v and %v", len(got), len(want), got, want)
	}
}

func (w *world) checkLog() {
	w.t.Helper()
	text := w.log.String()
	w.checkLeaks("the log", text)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil && text != "" {
			w.t.Errorf("a log line is not JSON: %s", line)
		}
	}
}

// ids are those of all items, as the table has them.
func (w *world) ids() []string {
	w.t.Helper()
	var ids []string
	pages := dynamodb.NewScanPaginator(w.client(), &dynamodb.ScanInput{
		TableName: &w.table, ProjectionExpression: aws.String("id"), FilterExpression: aws.String("attribute_exists(#s)"),
		ExpressionAttributeNames: map[string]string{"#s": lambdas.StatusKey},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		for _, row := range page.Items {
			ids = append(ids, row["id"].(*types.AttributeValueMemberS).Value)
		}
	}
	slices.Sort(ids)
	return ids
}

func sortedKeys(set map[string]bool) []string {
	var keys []string
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// create posts an item and returns its id.
func (w *world) create(body string) string {
	w.t.Helper()
	got := w.send("POST", "/items", jsonBody, body)
	if got.StatusCode != 201 {
		w.t.Fatalf("create: %d %s", got.StatusCode, got.Body)
	}
	return got.text("id")
}

// put writes a row past the API.
func (w *world) put(row map[string]types.AttributeValue) {
	w.t.Helper()
	if _, err := w.client().PutItem(w.t.Context(), &dynamodb.PutItemInput{TableName: &w.table, Item: row}); err != nil {
		w.t.Fatal(err)
	}
	if id := row["id"].(*types.AttributeValueMemberS).Value; isToken(id, maxIDBytes) {
		w.stored[id] = true
	}
}

// proxy stands in front of the database.
type proxy struct {
	url   string
	mutex sync.Mutex
	harm  func(action string, w http.ResponseWriter, r *http.Request) bool
	calls []string // actions, of an index in brackets
}

func newProxy(t *testing.T) *proxy {
	target, err := url.Parse(database.URL())
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.ErrorLog = log.New(io.Discard, "", 0) // a request that was given up is no news
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		call := "dynamodb:" + action
		if bytes.Contains(body, []byte(`"IndexName"`)) {
			call += " of the index"
		}
		p.mutex.Lock()
		p.calls = append(p.calls, call)
		harm := p.harm
		p.mutex.Unlock()
		if harm != nil && harm(action, w, r) {
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// fault sets what happens to calls: it answers in the database's place and
// reports true, or reports false.
func (p *proxy) fault(harm func(action string, w http.ResponseWriter, r *http.Request) bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.harm = harm
	p.calls = nil
}

func (p *proxy) seen() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.calls)
}

// refuseWith answers as DynamoDB refuses, with a message that must not get out.
func refuseWith(w http.ResponseWriter, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"User: arn:aws:sts::%s:assumed-role/r/f is not authorized on resource: arn:aws:dynamodb:us-east-1:%s:table/t"}`,
		code, account, account)
}

// loseFirst lets the first call of the action through and loses its answer.
func loseFirst(action string) func(string, http.ResponseWriter, *http.Request) bool {
	var lost atomic.Bool
	return func(called string, w http.ResponseWriter, r *http.Request) bool {
		if called != action || !lost.CompareAndSwap(false, true) {
			return false
		}
		out := r.Clone(r.Context())
		out.RequestURI = ""
		out.URL, _ = url.Parse(database.URL())
		if resp, err := http.DefaultTransport.RoundTrip(out); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		panic(http.ErrAbortHandler)
	}
}

type syncBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

// offline is an API whose store answers from a function, without a network.
func offline(do func(action string) string) *API {
	return &API{
		Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }, Random: rand.Reader,
		Log: slog.New(slog.DiscardHandler),
		Store: &Store{table: "t", client: dynamodb.New(dynamodb.Options{
			Region: "us-east-1", HTTPClient: roundTrip(do), DisableValidateResponseChecksum: true,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
			}),
		})},
	}
}

type roundTrip func(action string) string

func (f roundTrip) Do(r *http.Request) (*http.Response, error) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(f(action))),
	}, nil
}
