package dynamodb

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/awsjson"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// streamsPrefix is the prefix of DynamoDB Streams operations in X-Amz-Target.
const streamsPrefix = "DynamoDBStreams_20120810"

// Limits of GetRecords
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html).
const (
	maxRecords   = 1000
	iteratorLife = 15 * time.Minute
)

// StreamsHandler returns the DynamoDB Streams endpoint that functions and
// people call. authority authorizes each call by the stream's ARN.
func (t *Tables) StreamsHandler(authority *iam.Authority) http.Handler {
	s := streamsAPI{t, authority}
	return &awsjson.Handler{
		Version: "1.0", Prefix: streamsPrefix, Namespace: "com.amazonaws.dynamodb.v20120810", MaxBytes: 1 << 20, Authority: authority,
		Operations: map[string]awsjson.Operation{
			"DescribeStream":   awsjson.Of(s.describeStream),
			"GetRecords":       awsjson.Of(s.getRecords),
			"GetShardIterator": awsjson.Of(s.getShardIterator),
			"ListStreams":      awsjson.Of(s.listStreams),
		},
	}
}

type streamsAPI struct {
	tables    *Tables
	authority *iam.Authority
}

// serviceError turns err into the error that DynamoDB Streams returns.
func serviceError(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		text, _, _ := strings.Cut(err.Error(), ": "+store.ErrNotFound.Error())
		return awserr.New("ResourceNotFoundException", "%s", text)
	}
	return err
}

func invalid(message string) error { return awserr.New("ValidationException", "%s", message) }

func (s streamsAPI) permit(c iam.Caller, action, resource string) error {
	return s.authority.Authorize(c, iam.Request{Action: "dynamodb:" + action, Resource: resource})
}

type streamName struct {
	StreamArn, StreamLabel, TableName string
}

type listStreamsInput struct {
	ExclusiveStartStreamArn, TableName string
	Limit                              *int
}

type listStreamsOutput struct {
	Streams                []streamName
	LastEvaluatedStreamArn string `json:",omitzero"`
}

// listStreams implements
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_ListStreams.html.
func (s streamsAPI) listStreams(_ context.Context, c iam.Caller, in listStreamsInput) (*listStreamsOutput, error) {
	if err := s.permit(c, "ListStreams", "*"); err != nil {
		return nil, err
	}
	limit := 100
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > 100 {
		return nil, invalid("Limit must be within 1 to 100")
	}
	tables, err := store.List[Table](s.tables.db, Token)
	if err != nil {
		return nil, err
	}
	out := &listStreamsOutput{Streams: []streamName{}}
	for _, r := range tables {
		if r.Region != c.Region || c.Account() != "" && r.Account != c.Account() || in.TableName != "" && r.ID != in.TableName {
			continue
		}
		all, err := s.tables.streamsOf(r.ID)
		if err != nil {
			return nil, err
		}
		for _, one := range all.All {
			out.Streams = append(out.Streams, streamName{streamARN(r, one), one.Label, r.ID})
		}
	}
	if i := slices.IndexFunc(out.Streams, func(n streamName) bool { return n.StreamArn == in.ExclusiveStartStreamArn }); i >= 0 {
		out.Streams = out.Streams[i+1:]
	}
	if len(out.Streams) > limit {
		out.Streams = out.Streams[:limit]
		out.LastEvaluatedStreamArn = out.Streams[limit-1].StreamArn
	}
	return out, nil
}

type keyElement struct{ AttributeName, KeyType string }

type sequenceRange struct {
	StartingSequenceNumber string
	EndingSequenceNumber   string `json:",omitzero"`
}

type shard struct {
	ShardID             string `json:"ShardId"`
	SequenceNumberRange sequenceRange
}

type streamDescription struct {
	streamName
	CreationRequestDateTime      float64 // Unix seconds
	KeySchema                    []keyElement
	Shards                       []shard
	StreamStatus, StreamViewType string
}

type describeStreamInput struct{ StreamArn, ExclusiveStartShardId string }

type describeStreamOutput struct{ StreamDescription streamDescription }

// describeStream implements
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html.
func (s streamsAPI) describeStream(_ context.Context, c iam.Caller, in describeStreamInput) (*describeStreamOutput, error) {
	if err := s.permit(c, "DescribeStream", in.StreamArn); err != nil {
		return nil, err
	}
	r, _, one, err := s.tables.findStream(in.StreamArn)
	if err != nil {
		return nil, serviceError(err)
	}
	d := streamDescription{
		streamName: streamName{in.StreamArn, one.Label, r.ID}, KeySchema: []keyElement{{r.Inputs.HashKey, "HASH"}},
		Shards: []shard{}, StreamStatus: "ENABLED", StreamViewType: one.View,
	}
	if at, err := time.Parse("2006-01-02T15:04:05.000", one.Label); err == nil {
		d.CreationRequestDateTime = float64(at.UnixMilli()) / 1000
	}
	if r.Inputs.RangeKey != "" {
		d.KeySchema = append(d.KeySchema, keyElement{r.Inputs.RangeKey, "RANGE"})
	}
	if !one.Disabled.IsZero() {
		d.StreamStatus = "DISABLED"
	}
	if id := shardID(in.StreamArn); in.ExclusiveStartShardId == "" {
		epoch, n, _ := parseSequence(one.From)
		d.Shards = append(d.Shards, shard{id, sequenceRange{sequenceNumber(epoch, n+1), one.To}})
	}
	return &describeStreamOutput{d}, nil
}

// iterator is a position in a stream.
type iterator struct {
	Stream, After string
	Issued        int64 // Unix seconds
}

func (s streamsAPI) encode(stream, after string) string {
	data, _ := json.Marshal(iterator{stream, after, s.tables.now().Unix()}) // strings and a number: it cannot fail
	return base64.StdEncoding.EncodeToString(data)
}

func decodeIterator(text string) (iterator, error) {
	var i iterator
	data, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(data, &i)
	}
	if err != nil || arn.Region(i.Stream) == "" {
		return i, invalid("Invalid ShardIterator")
	}
	return i, nil
}

type getShardIteratorInput struct{ StreamArn, ShardId, ShardIteratorType, SequenceNumber string }

type getShardIteratorOutput struct{ ShardIterator string }

// getShardIterator implements
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html.
func (s streamsAPI) getShardIterator(ctx context.Context, c iam.Caller, in getShardIteratorInput) (*getShardIteratorOutput, error) {
	if err := s.permit(c, "GetShardIterator", in.StreamArn); err != nil {
		return nil, err
	}
	_, _, one, err := s.tables.findStream(in.StreamArn)
	if err != nil {
		return nil, serviceError(err)
	}
	if in.ShardId != shardID(in.StreamArn) {
		return nil, awserr.New("ResourceNotFoundException", "Requested resource not found: Shard does not exist")
	}
	after := one.From
	switch in.ShardIteratorType {
	case "TRIM_HORIZON":
	case "LATEST":
		if after, err = s.tables.latest(ctx, in.StreamArn); err != nil {
			return nil, serviceError(err)
		}
	case "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
		epoch, n, ok := parseSequence(in.SequenceNumber)
		if !ok || n == 0 {
			return nil, invalid("Invalid SequenceNumber: " + in.SequenceNumber)
		}
		if after = in.SequenceNumber; in.ShardIteratorType == "AT_SEQUENCE_NUMBER" {
			after = sequenceNumber(epoch, n-1)
		}
	default:
		return nil, invalid("ShardIteratorType must be one of TRIM_HORIZON, LATEST, AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER")
	}
	return &getShardIteratorOutput{s.encode(in.StreamArn, after)}, nil
}

type getRecordsInput struct {
	ShardIterator string
	Limit         *int
}

type getRecordsOutput struct {
	Records           []record
	NextShardIterator string `json:",omitzero"`
}

// getRecords implements
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html.
func (s streamsAPI) getRecords(ctx context.Context, c iam.Caller, in getRecordsInput) (*getRecordsOutput, error) {
	i, err := decodeIterator(in.ShardIterator)
	if err != nil {
		return nil, err
	}
	if err := s.permit(c, "GetRecords", i.Stream); err != nil {
		return nil, err
	}
	limit := maxRecords
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > maxRecords {
		return nil, invalid("Limit must be within 1 to 1000")
	}
	if s.tables.now().Sub(time.Unix(i.Issued, 0)) > iteratorLife {
		return nil, awserr.New("ExpiredIteratorException", "Iterator expired. The iterator was created more than 15 minutes ago.")
	}
	p, err := s.tables.readStream(ctx, i.Stream, i.After, limit)
	if err != nil {
		return nil, serviceError(err)
	}
	out := &getRecordsOutput{Records: append([]record{}, p.records...)}
	if !p.closed {
		out.NextShardIterator = s.encode(i.Stream, p.next)
	}
	return out, nil
}
