package dynamodb

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// engineStream is the engine's stream of a table. It records all changes with
// both images in one shard, with sequence numbers from 1.
type engineStream struct {
	url, arn, label, shard string
	last                   uint64 // sequence number of its last record; 0 if it has none
}

// engineChange is a record of an engineStream.
type engineChange struct {
	EventName    string          `json:"eventName"`
	UserIdentity *engineIdentity `json:"userIdentity"`
	Dynamodb     struct {
		ApproximateCreationDateTime float64
		Keys, NewImage, OldImage    jsontext.Value
		SequenceNumber              string
	} `json:"dynamodb"`

	number uint64
}

// engineIdentity identifies the service that made a change; nil for a client's
// change.
type engineIdentity struct{ PrincipalID, Type string }

// engineStream returns the engine's stream of a table and enables it if
// necessary.
func (t *Tables) engineStream(ctx context.Context, table string) (engineStream, error) {
	url, err := t.engine(ctx)
	if err != nil {
		return engineStream{}, err
	}
	return t.engineStreamAt(ctx, url, table)
}

func (t *Tables) engineStreamAt(ctx context.Context, url, table string) (engineStream, error) {
	client := t.clientAt(url)
	d, err := waitActive(ctx, client, table)
	if err != nil {
		return engineStream{}, err
	}
	if s := d.StreamSpecification; s == nil || !aws.ToBool(s.StreamEnabled) {
		_, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: aws.String(table), StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		}})
		if err != nil {
			return engineStream{}, err
		}
		if d, err = waitActive(ctx, client, table); err != nil {
			return engineStream{}, err
		}
	}
	e := engineStream{url: url, arn: aws.ToString(d.LatestStreamArn), label: aws.ToString(d.LatestStreamLabel)}
	var out struct {
		StreamDescription struct {
			Shards []struct {
				ShardID             string `json:"ShardId"`
				SequenceNumberRange struct{ EndingSequenceNumber string }
			}
		}
	}
	if err := t.askStreams(ctx, url, "DescribeStream", map[string]any{"StreamArn": e.arn}, &out); err != nil {
		return e, err
	}
	if n := len(out.StreamDescription.Shards); n != 1 {
		return e, fmt.Errorf("the engine's stream has %d shards, and the local cloud reads streams with one shard only: omit -dynamodb to use the cloud's own engine", n)
	}
	shard := out.StreamDescription.Shards[0]
	e.shard = shard.ShardID
	if text := shard.SequenceNumberRange.EndingSequenceNumber; text != "" {
		if e.last, err = engineNumber(text); err != nil {
			return e, err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.engineStreams[table] = e
	return e, nil
}

// engineNumber parses the engine's sequence number of a record.
func engineNumber(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n >= 1e15 {
		return 0, fmt.Errorf("the engine's stream has the sequence number %q, which the local cloud cannot read: omit -dynamodb to use the cloud's own engine", text)
	}
	return n, nil
}

// engineRecords reads up to limit records after sequence number n.
func (t *Tables) engineRecords(ctx context.Context, table string, n uint64, limit int) ([]engineChange, error) {
	url, err := t.engine(ctx)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	e := t.engineStreams[table]
	t.mu.Unlock()
	if e.url != url {
		if e, err = t.engineStreamAt(ctx, url, table); err != nil {
			return nil, err
		}
	}
	from := map[string]any{"StreamArn": e.arn, "ShardId": e.shard, "ShardIteratorType": "TRIM_HORIZON"}
	if n > 0 {
		from["ShardIteratorType"], from["SequenceNumber"] = "AFTER_SEQUENCE_NUMBER", strconv.FormatUint(n, 10)
	}
	var at struct{ ShardIterator string }
	if err := t.askStreams(ctx, url, "GetShardIterator", from, &at); err != nil {
		return nil, err
	}
	var out struct{ Records []engineChange }
	if err := t.askStreams(ctx, url, "GetRecords", map[string]any{"ShardIterator": at.ShardIterator, "Limit": limit}, &out); err != nil {
		return nil, err
	}
	for i := range out.Records {
		if out.Records[i].number, err = engineNumber(out.Records[i].Dynamodb.SequenceNumber); err != nil {
			return nil, err
		}
	}
	return out.Records, nil
}

// askStreams calls an operation of the engine's DynamoDB Streams API. It does
// not use the SDK, because the SDK's types do not pass items through unchanged.
func (t *Tables) askStreams(ctx context.Context, url, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", streamsPrefix+"."+operation)
	r.Header.Set("X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"))
	r.Header.Set("Authorization", engineAuthorization)
	response, err := t.http.Do(r)
	if err != nil {
		return fmt.Errorf("the local DynamoDB does not answer: %w", err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("the local DynamoDB does not answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the local DynamoDB refuses %s: %s", operation, bytes.TrimSpace(data))
	}
	return json.Unmarshal(data, out, json.MatchCaseInsensitiveNames(true))
}
