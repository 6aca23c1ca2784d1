package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// calls returns the round trips, named by the suffix of their AWS_ENDPOINT_URL_
// variable in lower case.
func calls() map[string]roundTrip {
	return map[string]roundTrip{
		"dynamodb": items, "dynamodbstreams": records, "eventbridge": events, "lambda": invoked,
		"s3": objects, "presigned": presigned, "secretsmanager": secrets, "sns": published,
		"sqs": sent, "ssm": parameters, "sts": caller, "connections": posted, "kms": keys,
	}
}

func items(ctx context.Context, cfg aws.Config, r there) (string, error) {
	client := dynamodb.NewFromConfig(cfg)
	id := &types.AttributeValueMemberS{Value: "c"}
	item := map[string]types.AttributeValue{"id": id, "text": &types.AttributeValueMemberS{Value: "hello"}}
	if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &r.Table, Item: item}); err != nil {
		return "", err
	}
	found, err := client.Query(ctx, &dynamodb.QueryInput{
		TableName: &r.Table, KeyConditionExpression: aws.String("id = :id"), ExpressionAttributeValues: map[string]types.AttributeValue{":id": id},
	})
	if err != nil || len(found.Items) != 1 {
		return "", fmt.Errorf("%v, %w", found, err)
	}
	return found.Items[0]["text"].(*types.AttributeValueMemberS).Value, nil
}

func records(ctx context.Context, cfg aws.Config, r there) (string, error) {
	client := dynamodbstreams.NewFromConfig(cfg)
	stream, err := client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &r.Stream})
	if err != nil {
		return "", err
	}
	at, err := client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &r.Stream, ShardId: stream.StreamDescription.Shards[0].ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		return "", err
	}
	if read, err := client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: at.ShardIterator}); err != nil || read.Records == nil {
		return "no list", err
	}
	return "a list", nil
}

func events(ctx context.Context, cfg aws.Config, r there) (string, error) {
	put, err := eventbridge.NewFromConfig(cfg).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("order"), Detail: aws.String(`{"text":"hello"}`)},
	}})
	if err != nil || put.FailedEntryCount != 0 {
		return "", fmt.Errorf("%v, %w", put, err)
	}
	message, err := received(ctx, cfg, r.Events)
	if err != nil {
		return "", err
	}
	var event struct{ Detail struct{ Text string } }
	err = json.Unmarshal([]byte(message), &event)
	return event.Detail.Text, err
}

func invoked(ctx context.Context, cfg aws.Config, r there) (answer string, err error) {
	ran, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: &r.Function, Payload: []byte(`{"do":"raw","text":"\"hello\""}`)})
	if err != nil {
		return "", err
	}
	err = json.Unmarshal(ran.Payload, &answer)
	return answer, err
}

func objects(ctx context.Context, cfg aws.Config, r there) (string, error) {
	client := s3.NewFromConfig(cfg)
	key := aws.String("a b/k")
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &r.Bucket, Key: key, Body: strings.NewReader("hello")}); err != nil {
		return "", err
	}
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &r.Bucket, Key: key})
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	data, err := io.ReadAll(got.Body)
	return string(data), err
}

func presigned(ctx context.Context, cfg aws.Config, r there) (string, error) {
	client := s3.NewPresignClient(s3.NewFromConfig(cfg))
	key := aws.String("p")
	put, err := client.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &r.Bucket, Key: key})
	if err != nil {
		return "", err
	}
	if _, err := fetched(ctx, put.Method, put.URL, "by URL"); err != nil {
		return "", err
	}
	get, err := client.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &r.Bucket, Key: key})
	if err != nil {
		return "", err
	}
	return fetched(ctx, get.Method, get.URL, "")
}

func secrets(ctx context.Context, cfg aws.Config, r there) (string, error) {
	client := secretsmanager.NewFromConfig(cfg)
	if _, err := client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &r.Secret, SecretString: aws.String("hello")}); err != nil {
		return "", err
	}
	got, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &r.Secret})
	if err != nil {
		return "", err
	}
	return aws.ToString(got.SecretString), nil
}

func published(ctx context.Context, cfg aws.Config, r there) (string, error) {
	if _, err := sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{TopicArn: &r.Topic, Message: aws.String("hello")}); err != nil {
		return "", err
	}
	return received(ctx, cfg, r.Messages)
}

func sent(ctx context.Context, cfg aws.Config, r there) (string, error) {
	if _, err := sqs.NewFromConfig(cfg).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &r.Queue, MessageBody: aws.String("hello")}); err != nil {
		return "", err
	}
	return received(ctx, cfg, r.Queue)
}

// received waits for the next message of a queue.
func received(ctx context.Context, cfg aws.Config, queue string) (string, error) {
	got, err := sqs.NewFromConfig(cfg).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &queue, WaitTimeSeconds: 20})
	if err != nil || len(got.Messages) != 1 {
		return "", fmt.Errorf("%v, %w", got, err)
	}
	return aws.ToString(got.Messages[0].Body), nil
}

func parameters(ctx context.Context, cfg aws.Config, r there) (string, error) {
	got, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: &r.Parameter})
	if err != nil {
		return "", err
	}
	return aws.ToString(got.Parameter.Value), nil
}

func caller(ctx context.Context, cfg aws.Config, _ there) (string, error) {
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", err
	}
	return aws.ToString(who.Arn), nil
}

func posted(ctx context.Context, cfg aws.Config, r there) (string, error) {
	client := apigatewaymanagementapi.NewFromConfig(cfg, func(o *apigatewaymanagementapi.Options) { o.BaseEndpoint = &r.Connections })
	_, err := client.PostToConnection(ctx, &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: aws.String("AAAAAAAAAAAAAAA="), Data: []byte("x")})
	return "", err
}

// keys calls a service that the cloud does not have.
func keys(ctx context.Context, cfg aws.Config, _ there) (string, error) {
	_, err := kms.NewFromConfig(cfg).ListKeys(ctx, nil)
	return "", err
}
