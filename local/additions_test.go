package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// additions uses everything that the recipes added: as a client, and as an
// operator with an SDK and the commands of the pages.
func (r rehearsed) additions(t *testing.T, stranger client) {
	o := newOperator(t, r.dir, r.stack)
	t.Run("an endpoint and a function", func(t *testing.T) {
		for path, want := range map[string]string{"/": `{"status":"ok"}`, "/ready": `{"ready":true}`} {
			if a := stranger.request(t, http.MethodGet, path, ""); a.status != http.StatusOK || a.body != want {
				t.Errorf("GET %s answers %d %s", path, a.status, a.body)
			}
		}
	})
	t.Run("a queue consumer", func(t *testing.T) {
		queue := output[string](t, o, "mailsQueueUrl")
		if _, err := sqs.NewFromConfig(o.config("SQS")).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: aws.String("dear customer")}); err != nil {
			t.Fatal(err)
		}
		o.logged(t, "send-mail", `"mail"`, "dear customer")
	})
	t.Run("a stream consumer and an index", func(t *testing.T) {
		made := r.create(t, "followed")
		o.logged(t, "audit", `"changed"`, "INSERT", made.ID)
		o.findsByName(t, made)
	})
	t.Run("a schedule", func(t *testing.T) {
		if out := mustLocal(t, "-C", r.dir, "run-schedule", "sweep"); out != "null\n" {
			t.Errorf("run-schedule prints %q", out)
		}
		o.logged(t, "sweep", `"swept"`)
	})
	t.Run("a bucket", func(t *testing.T) { r.uploads(t, o) })
	t.Run("a third party's secret", func(t *testing.T) { r.pays(t, o) })
	t.Run("a parameter", func(t *testing.T) { r.greets(t, o, stranger) })
	t.Run("a table with two functions", func(t *testing.T) { r.orders(t, stranger) })
	nothingDenied(t, r.dir)
}

// findsByName queries the index on the items' names, which has keys only.
func (o operator) findsByName(t *testing.T, want item) {
	t.Helper()
	found, err := dynamodb.NewFromConfig(o.config("DYNAMODB")).Query(t.Context(), &dynamodb.QueryInput{
		TableName: aws.String(output[string](t, o, "tableName")), IndexName: aws.String("by-name"),
		KeyConditionExpression: aws.String("#n = :n"), ExpressionAttributeNames: map[string]string{"#n": "name"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":n": &types.AttributeValueMemberS{Value: want.Name}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Items) != 1 || len(found.Items[0]) != 2 {
		t.Fatalf("the index has %v of %s", found.Items, want.Name)
	}
	if id, ok := found.Items[0]["id"].(*types.AttributeValueMemberS); !ok || id.Value != want.ID {
		t.Errorf("the index has %v, not the item %s", found.Items[0], want.ID)
	}
}

// uploads puts a file to the URL in the API's answer, and finds it in the
// bucket. The operator then empties the bucket, because S3 does not delete a
// bucket with objects.
func (r rehearsed) uploads(t *testing.T, o operator) {
	a := r.request(t, http.MethodPost, "/uploads", "")
	if a.status != http.StatusCreated {
		t.Fatalf("POST /uploads answers %d %s", a.status, a.body)
	}
	made := decode[struct{ Key, URL string }](t, a)
	const text = "the bytes of a file"
	put, err := http.NewRequest(http.MethodPut, made.URL, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	put.Header.Set("Content-Type", "application/octet-stream")
	response, err := http.DefaultClient.Do(put)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		t.Fatalf("PUT of the file answers %d %s", response.StatusCode, body)
	}
	objects := s3.NewFromConfig(o.config("S3"), func(options *s3.Options) { options.UsePathStyle = true })
	bucket := aws.String(output[string](t, o, "uploadsBucketName"))
	got, err := objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: &made.Key})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if data, err := io.ReadAll(got.Body); err != nil || string(data) != text {
		t.Errorf("the bucket has %q, %v", data, err)
	}
	if _, err := objects.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: &made.Key}); err != nil {
		t.Error(err)
	}
}

// pays sets the secret's value before the function first reads it, because the
// function caches it for minutes.
func (r rehearsed) pays(t *testing.T, o operator) {
	secret := output[map[string]string](t, o, "secretNames")["paymentKey"]
	out := mustLocal(t, "-C", r.dir, "exec", "sh", "-c", `printf pk-13-letters | go run ./infra/key -stdin -replace "$0"`, secret)
	if strings.Contains(out, "pk-13-letters") {
		t.Errorf("key prints the value: %s", out)
	}
	if a := r.request(t, http.MethodPost, "/payments", ""); a.status != http.StatusOK || a.body != `{"keyBytes":13}` {
		t.Errorf("POST /payments answers %d %s", a.status, a.body)
	}
}

// greets changes the parameter as an operator does, and checks that an update
// keeps the change.
func (r rehearsed) greets(t *testing.T, o operator, stranger client) {
	if a := stranger.request(t, http.MethodGet, "/greeting", ""); a.status != http.StatusOK || a.body != `{"greeting":"hello"}` {
		t.Errorf("GET /greeting answers %d %s", a.status, a.body)
	}
	name := aws.String(output[map[string]string](t, o, "parameterNames")["greeting"])
	parameters := ssm.NewFromConfig(o.config("SSM"))
	if _, err := parameters.PutParameter(t.Context(), &ssm.PutParameterInput{Name: name, Value: aws.String("good evening"), Overwrite: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	mustPulumi(t, r.dir, "up", "--yes", "--skip-preview", "--refresh", "--stack", r.stack)
	mustPulumi(t, r.dir, "preview", "--expect-no-changes", "--stack", r.stack)
	got, err := parameters.GetParameter(t.Context(), &ssm.GetParameterInput{Name: name})
	if err != nil || aws.ToString(got.Parameter.Value) != "good evening" {
		t.Errorf("after an update the parameter is %v, %v", got, err)
	}
}

// orders places two orders and lists the orders of one customer.
func (r rehearsed) orders(t *testing.T, stranger client) {
	for _, customer := range []string{"ada", "bob"} {
		order := `{"customer":"` + customer + `","article":"chair"}`
		if a := r.request(t, http.MethodPost, "/orders", order); a.status != http.StatusCreated {
			t.Errorf("POST /orders answers %d %s", a.status, a.body)
		}
		if a := stranger.request(t, http.MethodPost, "/orders", order); a.status != http.StatusUnauthorized {
			t.Errorf("POST /orders without a token answers %d %s", a.status, a.body)
		}
	}
	a := r.request(t, http.MethodGet, "/customers/ada/orders", "")
	list := decode[struct {
		Orders []struct{ Customer, Article string }
	}](t, a)
	if len(list.Orders) != 1 || list.Orders[0].Customer != "ada" || list.Orders[0].Article != "chair" {
		t.Errorf("the orders of ada are %d %s", a.status, a.body)
	}
}
