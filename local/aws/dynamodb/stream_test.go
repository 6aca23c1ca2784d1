package dynamodb

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/iam"
	"skiff/local/process/dynoxide"
	"skiff/local/process/npm"
)

// TestStreamViews reads the records of each view type with the SDK.
func TestStreamViews(t *testing.T) {
	t.Parallel()
	for view, want := range map[string]struct {
		lines []string
		sizes []int64 // keys 3; images 10 (id, status a or b)
	}{
		"KEYS_ONLY":          {[]string{"INSERT 1 - -", "MODIFY 1 - -", "REMOVE 1 - -"}, []int64{3, 3, 3}},
		"NEW_IMAGE":          {[]string{"INSERT 1 - a", "MODIFY 1 - b", "REMOVE 1 - -"}, []int64{13, 13, 3}},
		"OLD_IMAGE":          {[]string{"INSERT 1 - -", "MODIFY 1 a -", "REMOVE 1 b -"}, []int64{3, 13, 13}},
		"NEW_AND_OLD_IMAGES": {[]string{"INSERT 1 - a", "MODIFY 1 a b", "REMOVE 1 b -"}, []int64{13, 23, 13}},
	} {
		t.Run(view, func(t *testing.T) {
			t.Parallel()
			w := newWatched(t, view)
			w.put(t, "1", "a")
			w.put(t, "1", "a") // changes nothing: no record
			w.put(t, "1", "b")
			if _, err := w.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &w.in.Name, Key: key("1")}); err != nil {
				t.Fatal(err)
			}
			records, open := w.read(t, w.arn(t), "TRIM_HORIZON", "")
			if diff := cmp.Diff(want.lines, lineEach(records)); diff != "" || !open {
				t.Fatalf("the stream is open: %v (-want +got)\n%s", open, diff)
			}
			for i, r := range records {
				age := time.Since(*r.Dynamodb.ApproximateCreationDateTime)
				if *r.AwsRegion != region || *r.EventSource != "aws:dynamodb" || len(*r.EventID) != 32 || string(r.Dynamodb.StreamViewType) != view ||
					*r.Dynamodb.SizeBytes != want.sizes[i] || len(*r.Dynamodb.SequenceNumber) != 21 || age < -time.Second || age > time.Minute {
					t.Errorf("record %s: %+v, %d bytes, age %v", lineOf(r), r, *r.Dynamodb.SizeBytes, age)
				}
			}
			second := *records[1].Dynamodb.SequenceNumber
			for from, want := range map[streamtypes.ShardIteratorType][]string{
				"AT_SEQUENCE_NUMBER": want.lines[1:], "AFTER_SEQUENCE_NUMBER": want.lines[2:], "LATEST": nil,
			} {
				number := second
				if from == "LATEST" {
					number = ""
				}
				got, _ := w.read(t, w.arn(t), from, number)
				if diff := cmp.Diff(want, lineEach(got)); diff != "" {
					t.Errorf("%s (-want +got)\n%s", from, diff)
				}
			}
		})
	}
}

// TestStreamChanges enables, changes and disables the stream of a table that
// has items. No change between two streams is lost, and a disabled stream stays
// readable.
func TestStreamChanges(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "")
	w.put(t, "0", "before")
	if arn := w.arn(t); arn != "" {
		t.Errorf("without a stream, its ARN is %s", arn)
	}
	w.change(t, func(in *Table) { in.StreamEnabled, in.StreamViewType = true, "NEW_IMAGE" })
	first := w.arn(t)
	if want := "arn:aws:dynamodb:" + region + ":" + account + ":table/" + w.in.Name + "/stream/20"; !strings.HasPrefix(first, want) {
		t.Fatalf("the ARN is %s, want %s…", first, want)
	}
	w.put(t, "1", "a")
	w.change(t, func(in *Table) {
		in.GlobalSecondaryIndexes = nil
		in.Attributes = in.Attributes[:1]
		in.TTL = &TTL{AttributeName: "at", Enabled: true}
	})
	if w.arn(t) != first {
		t.Error("another change created a new stream")
	}
	w.put(t, "2", "b")
	w.change(t, func(in *Table) { in.StreamViewType = "NEW_AND_OLD_IMAGES" })
	second := w.arn(t)
	w.put(t, "2", "c")
	if records, open := w.read(t, first, "TRIM_HORIZON", ""); open || !cmp.Equal(lineEach(records), []string{"INSERT 1 - a", "INSERT 2 - b"}) {
		t.Errorf("of the first stream, open %v: %v", open, lineEach(records))
	}
	if records, open := w.read(t, second, "TRIM_HORIZON", ""); !open || !cmp.Equal(lineEach(records), []string{"MODIFY 2 b c"}) {
		t.Errorf("of the second stream, open %v: %v", open, lineEach(records))
	}
	w.change(t, func(in *Table) { in.StreamEnabled, in.StreamViewType = false, "" })
	w.put(t, "3", "d")
	if records, open := w.read(t, second, "TRIM_HORIZON", ""); open || len(records) != 1 || w.arn(t) != "" {
		t.Errorf("disabled, open %v: %v", open, lineEach(records))
	}
	listed, err := w.streams.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{})
	if code := (smithy.APIError)(nil); !errors.As(err, &code) || code.ErrorCode() != "AccessDeniedException" {
		t.Errorf("ListStreams with rights on the table alone: %v, %v", listed, err)
	}
	put(t, w.tables.db, iam.RolePolicyToken, "r:list", iam.RolePolicy{Name: "list", Role: "r", Policy: `{"Statement":{"Effect":"Allow","Action":"dynamodb:ListStreams","Resource":"*"}}`})
	if listed, err = w.streams.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{TableName: &w.in.Name}); err != nil || len(listed.Streams) != 2 || *listed.Streams[0].StreamArn != first {
		t.Errorf("listed %v, %v", listed, err)
	}
	w.tables.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	w.change(t, func(in *Table) { in.StreamEnabled, in.StreamViewType = true, "KEYS_ONLY" })
	_, err = w.streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &first})
	if gone := (*streamtypes.ResourceNotFoundException)(nil); !errors.As(err, &gone) {
		t.Errorf("a day later, the first stream: %v", err)
	}
}

// TestStreamDenied checks that each call is authorized by the stream's ARN, and
// that an iterator expires after 15 minutes.
func TestStreamDenied(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "KEYS_ONLY")
	w.put(t, "1", "a")
	arn := w.arn(t)
	d, err := w.streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	shard := d.StreamDescription.Shards[0].ShardId
	at, err := w.streams.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{StreamArn: &arn, ShardId: shard, ShardIteratorType: "TRIM_HORIZON"})
	if err != nil {
		t.Fatal(err)
	}
	w.tables.now = func() time.Time { return time.Now().Add(16 * time.Minute) }
	_, err = w.streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: at.ShardIterator})
	if expired := (*streamtypes.ExpiredIteratorException)(nil); !errors.As(err, &expired) {
		t.Errorf("after 16 minutes: %v", err)
	}
	w.tables.now = time.Now
	put(t, w.tables.db, iam.RolePolicyToken, "r:p", iam.RolePolicy{Name: "p", Role: "r", Policy: allow(`"dynamodb:*"`, w.in.Name)})
	for action, call := range map[string]func() error{
		"DescribeStream": func() error {
			_, err := w.streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
			return err
		},
		"GetShardIterator": func() error {
			_, err := w.streams.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{StreamArn: &arn, ShardId: shard, ShardIteratorType: "LATEST"})
			return err
		},
		"GetRecords": func() error {
			_, err := w.streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: at.ShardIterator})
			return err
		},
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), "is not authorized to perform: dynamodb:"+action+" on resource: "+arn+" ") {
			t.Errorf("%s with rights on the table alone: %v", action, err)
		}
	}
}

// TestStreamOfNewEngine checks that a reader gets all records of a new, empty
// engine, although they are numbered from 1 again.
func TestStreamOfNewEngine(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "NEW_IMAGE")
	w.put(t, "1", "a")
	w.put(t, "2", "b")
	arn := w.arn(t)
	before, err := w.tables.latest(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := npm.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := dynoxide.Install(t.Context(), cache, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := dynoxide.Start(t.Context(), dynoxide.Options{Binary: binary})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { empty.Close() })
	w.tables.engine = func(context.Context) (string, error) { return empty.URL(), nil }
	for range 2 { // the second start changes nothing
		if _, err := w.tables.Restore(t.Context(), empty.URL()); err != nil {
			t.Fatal(err)
		}
	}
	w.put(t, "3", "c")
	if w.arn(t) != arn {
		t.Errorf("the ARN is %s, was %s", w.arn(t), arn)
	}
	p, err := w.tables.readStream(t.Context(), arn, before, 100)
	if err != nil || len(p.records) != 1 || !strings.Contains(string(p.records[0].Change.NewImage), `"3"`) || p.records[0].Change.SequenceNumber <= before {
		t.Errorf("after %s: %+v, %v", before, p, err)
	}
}

func TestStreamSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		enabled    bool
		view, want string
	}{{true, "KEYS_ONLY", ""}, {false, "", ""}, {false, "KEYS_ONLY", ""}, {true, "", "streamViewType"}, {true, "ALL", "streamViewType"}} {
		in := items("items")
		in.StreamEnabled, in.StreamViewType = test.enabled, test.view
		problems := check(in)
		if test.want == "" && len(problems) > 0 || test.want != "" && (len(problems) != 1 || problems[0].Property != test.want) {
			t.Errorf("%v %q: %v", test.enabled, test.view, problems)
		}
	}
}

// TestItemSize checks the sizes in AWS's example records
// (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html) and the size of
// each type.
func TestItemSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`{"Id":{"N":"101"}}`:                                               5,
		`{"Id":{"N":"101"},"Message":{"S":"New item!"}}`:                   21,
		`{"Id":{"N":"101"},"Message":{"S":"This item has changed"}}`:       33,
		`{"a":{"N":"-1"},"b":{"N":"1000"},"c":{"BOOL":true}}`:              9,
		`{"l":{"L":[{"S":"ab"},{"NULL":true}]},"m":{"M":{"k":{"S":"v"}}}}`: 16,
		`{"b":{"B":"AQI="},"s":{"SS":["a","bc"]},"n":{"NS":["1","22"]}}`:   12,
	} {
		if got := itemSize(item([]byte(text))); got != want {
			t.Errorf("%s has %d bytes, want %d", text, got, want)
		}
	}
}
