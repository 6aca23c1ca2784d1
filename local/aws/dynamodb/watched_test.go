package dynamodb

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

// watched is a table with a stream and a client for the streams.
type watched struct {
	*fixture
	in      Table
	streams *dynamodbstreams.Client
}

// newWatched declares a table. Its role has all rights to the table and its
// streams.
func newWatched(t *testing.T, view string) *watched {
	t.Helper()
	name := nameOf(t)
	w := &watched{fixture: newFixture(t, allow(`"dynamodb:*"`, name+`*`)), in: items(name)}
	w.in.StreamEnabled, w.in.StreamViewType = view != "", view
	w.declare(t, w.in)
	authority := iam.NewAuthority(w.tables.db, nil)
	keys := authority.Issue("arn:aws:iam::"+account+":role/r", "f")
	server := httptest.NewServer(w.tables.StreamsHandler(authority))
	t.Cleanup(server.Close)
	w.streams = dynamodbstreams.New(dynamodbstreams.Options{
		Region: region, BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, nil
		}),
	})
	return w
}

// change updates the table as the provider does.
func (w *watched) change(t *testing.T, change func(*Table)) {
	t.Helper()
	in := w.in
	change(&in)
	if err := w.update(t.Context(), t, in); err != nil {
		t.Fatal(err)
	}
	put(t, w.tables.db, Token, in.Name, in)
	w.in = in
}

func (w *watched) put(t *testing.T, id, status string) {
	t.Helper()
	item := key(id)
	item["status"] = &types.AttributeValueMemberS{Value: status}
	if _, err := w.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &w.in.Name, Item: item}); err != nil {
		t.Fatal(err)
	}
}

// arn returns the table's output streamArn.
func (w *watched) arn(t *testing.T) string {
	t.Helper()
	r, err := store.Get[Table](w.tables.db, Token, w.in.Name)
	if err != nil {
		t.Fatal(err)
	}
	return resourceType(w.tables).Describe(r).StreamARN
}

// read returns the records of a stream from an iterator of a given type.
func (w *watched) read(t *testing.T, arn string, from streamtypes.ShardIteratorType, number string) (records []streamtypes.Record, open bool) {
	t.Helper()
	d, err := w.streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &arn, ShardId: d.StreamDescription.Shards[0].ShardId, ShardIteratorType: from}
	if number != "" {
		in.SequenceNumber = &number
	}
	at, err := w.streams.GetShardIterator(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i := at.ShardIterator; ; {
		out, err := w.streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: i, Limit: aws.Int32(2)})
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, out.Records...)
		if out.NextShardIterator == nil || len(out.Records) == 0 && *out.NextShardIterator == *i {
			return records, out.NextShardIterator != nil
		}
		i = out.NextShardIterator
	}
}

// lineOf returns a record as text: the event, the key and the images.
func lineOf(r streamtypes.Record) string {
	image := func(item map[string]streamtypes.AttributeValue) string {
		if s, ok := item["status"].(*streamtypes.AttributeValueMemberS); ok {
			return s.Value
		}
		return "-"
	}
	return string(r.EventName) + " " + r.Dynamodb.Keys["id"].(*streamtypes.AttributeValueMemberS).Value + " " + image(r.Dynamodb.OldImage) + " " + image(r.Dynamodb.NewImage)
}

func lineEach(records []streamtypes.Record) []string {
	var all []string
	for _, r := range records {
		all = append(all, lineOf(r))
	}
	return all
}
