// Package contract tests what the API promises, whichever handlers implement
// it. The tests send API Gateway's events to the real handlers. The handlers
// use a real database through a proxy that can inject faults.
package contract

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/api"
	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/items/events"
	"skiff/lambdas/items/list"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
	"skiff/local/process/dynoxide"
	"skiff/local/process/npm"
)

const (
	testSecret = "a-secret-that-no-line-shows"
	account    = "987612340987"
	cursorARN  = "arn:aws:secretsmanager:us-east-1:" + account + ":secret:staging-cursors-AbCdEf"
	tokenARN   = "arn:aws:secretsmanager:us-east-1:" + account + ":secret:staging-tokens-GhIjKl"
)

// database is the Dynoxide process of this test binary.
var database *dynoxide.Server

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	// Most of a test's time is spent waiting: for a response, a timeout or a
	// pause between tries. The command line is parsed later and overrides this.
	err := flag.Set("test.parallel", "16")
	cache, binary := "", ""
	if err == nil {
		cache, err = npm.CacheDir()
	}
	if err == nil {
		binary, err = dynoxide.Install(context.Background(), cache, os.Stderr)
	}
	if err == nil {
		database, err = dynoxide.Start(context.Background(), dynoxide.Options{Binary: binary, Stderr: os.Stderr})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer database.Close()
	return m.Run()
}

var tables atomic.Int64

// world is an API with its own tables, a proxy between them that sees every
// call and can inject faults, and fakes of the other services.
type world struct {
	t           *testing.T
	api         *items.API
	table       string
	connections string // the name of the table of connections
	log         *syncBuffer
	proxy       *proxy
	services    *services

	mutex    sync.Mutex
	now      time.Time
	stored   map[string]bool // ids of the items that the table must have
	deadline time.Duration   // of an invocation; 0 for none
	faulty   bool            // whether responses may have a status of 500 or above
	sent     int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	n := tables.Add(1)
	w := &world{
		t: t, table: fmt.Sprintf("table-of-items-%d", n), connections: fmt.Sprintf("table-of-connections-%d", n), log: &syncBuffer{},
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), stored: map[string]bool{},
	}
	w.proxy = newProxy(t, w.connections)
	w.services = newServices(t, w.proxy)
	w.api = w.process(patience)
	w.createTable()
	t.Cleanup(w.checkInvariants)
	return w
}

// patience is the timeout of one try where nothing hangs. It is long, because a
// busy machine must not look like a failing store.
const patience = time.Minute

// environment returns the environment of any function. tryTime is the timeout
// of one try of an AWS call.
func (w *world) environment(tryTime time.Duration) function.Environment {
	w.t.Helper()
	variables := map[string]string{
		names.LogLevelVariable: "debug", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": testSecret, "AWS_SESSION_TOKEN": testSecret,
		names.TableNameVariable: w.table, names.ConnectionsTableVariable: w.connections, "AWS_ENDPOINT_URL_DYNAMODB": w.proxy.url,
		names.QueueURLVariable: "https://sqs.us-east-1.amazonaws.com/" + account + "/events", "AWS_ENDPOINT_URL_SQS": w.services.url,
		names.CursorKeyVariable: cursorARN, names.TokenKeyVariable: tokenARN, "AWS_ENDPOINT_URL_SECRETS_MANAGER": w.services.url,
		names.ConnectionsURLVariable: w.services.url + "/staging",
	}
	e, err := function.New(func(name string) string { return variables[name] }, w.log)
	if err != nil {
		w.t.Fatal(err)
	}
	e.HTTP = awshttp.NewBuildableClient().WithTimeout(tryTime)
	return e
}

// process returns the API of another process. It shares only the database, the
// other services, the clock and the log.
func (w *world) process(tryTime time.Duration) *items.API {
	w.t.Helper()
	a, err := api.New(w.environment(tryTime), items.WithTable, events.WithQueue, list.WithKey)
	if err != nil {
		w.t.Fatal(err)
	}
	a.Now = w.clock
	return a
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

// client returns a client that bypasses the proxy.
func (w *world) client() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(database.URL()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})
}

func attribute(name string) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
}

func element(name string, kind types.KeyType) types.KeySchemaElement {
	return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: kind}
}

func (w *world) createTable() {
	w.t.Helper()
	_, err := w.client().CreateTable(w.t.Context(), &dynamodb.CreateTableInput{
		TableName: &w.table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			attribute(names.KeyAttribute), attribute(names.StatusKey), attribute(names.CreatedKey),
		},
		KeySchema: []types.KeySchemaElement{element(names.KeyAttribute, types.KeyTypeHash)},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String(names.StatusIndex),
			KeySchema:  []types.KeySchemaElement{element(names.StatusKey, types.KeyTypeHash), element(names.CreatedKey, types.KeyTypeRange)},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
	})
	w.await(w.table, err)
}

// createConnections creates the table of connections, which only some tests
// need.
func (w *world) createConnections() {
	w.t.Helper()
	_, err := w.client().CreateTable(w.t.Context(), &dynamodb.CreateTableInput{
		TableName: &w.connections, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{attribute(names.KindAttribute), attribute(names.KeyAttribute)},
		KeySchema:            []types.KeySchemaElement{element(names.KindAttribute, types.KeyTypeHash), element(names.KeyAttribute, types.KeyTypeRange)},
	})
	w.await(w.connections, err)
}

// await waits until a new table is active.
func (w *world) await(table string, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	for {
		out, err := w.client().DescribeTable(w.t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
		if err != nil {
			w.t.Fatal(err)
		}
		if out.Table.TableStatus == types.TableStatusActive {
			return
		}
	}
}

// put writes a row directly to the table.
func (w *world) put(row map[string]types.AttributeValue) {
	w.t.Helper()
	if _, err := w.client().PutItem(w.t.Context(), &dynamodb.PutItemInput{TableName: &w.table, Item: row}); err != nil {
		w.t.Fatal(err)
	}
	if id := row["id"].(*types.AttributeValueMemberS).Value; api.IsToken(id, 64) {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.stored[id] = true
	}
}

// item returns an item whose creation time is now.
func (w *world) item(id string, draft items.Draft) *items.Item {
	now := table.Timestamp(w.clock())
	return &items.Item{ID: id, Draft: draft, CreatedAt: now, UpdatedAt: now, Version: 1}
}
