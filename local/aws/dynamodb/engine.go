package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Engine returns the URL of the engine that stores the items, and starts the
// engine if necessary.
type Engine func(ctx context.Context) (url string, err error)

// The interval and the time limit for polling a table's state. The engine
// answers at once; the limit is for an engine that hangs.
const (
	pollDelay = 5 * time.Millisecond
	waitLimit = 10 * time.Second
)

// idleLimit is how long an idle connection to the engine stays open.
const idleLimit = time.Minute

// The engine sees one user and one region for all calls. Otherwise DynamoDB
// Local, for example, would keep separate tables for each user and region.
const (
	engineKey    = "local"
	engineRegion = "us-east-1"
)

func (t *Tables) client(ctx context.Context) (*dynamodb.Client, error) {
	url, err := t.engine(ctx)
	if err != nil {
		return nil, err
	}
	return t.clientAt(url), nil
}

func (t *Tables) clientAt(url string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       engineRegion,
		BaseEndpoint: aws.String(url),
		HTTPClient:   t.http,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: engineKey, SecretAccessKey: engineKey}, nil
		}),
	})
}

// create creates the table in the engine. It accepts an existing table with the
// same keys and indexes: a crash after an earlier create may have prevented its
// record.
func (t *Tables) create(ctx context.Context, _ provider.Call, r *store.Record[Table]) error {
	client, err := t.client(ctx)
	if err != nil {
		return err
	}
	_, err = client.CreateTable(ctx, creation(r.Inputs))
	if _, exists := errors.AsType[*types.ResourceInUseException](err); exists {
		err = checkSame(ctx, client, r.Inputs)
	}
	if err != nil {
		return err
	}
	if _, err := waitActive(ctx, client, r.ID); err != nil {
		return err
	}
	if err := setTTL(ctx, client, r.Inputs); err != nil {
		return err
	}
	return t.updateStream(ctx, r.Inputs)
}

// update updates the table in the engine. It compares the inputs with the
// engine's table and not with the record, because a crash may have prevented
// the record of an earlier update.
func (t *Tables) update(ctx context.Context, _ provider.Call, old store.Record[Table], r *store.Record[Table]) error {
	if err := checkChange(old.Inputs, r.Inputs); err != nil {
		return err
	}
	client, err := t.client(ctx)
	if err != nil {
		return err
	}
	if err := updateTable(ctx, client, r.Inputs); err != nil {
		return err
	}
	return t.updateStream(ctx, r.Inputs)
}

// Restore makes the tables of the engine at url match the records. It creates
// missing tables, without items, and reverts updates that a crash interrupted.
// It returns the names of the tables it created.
func (t *Tables) Restore(ctx context.Context, url string) (created []string, err error) {
	records, err := store.List[Table](t.db, Token)
	if err != nil {
		return nil, err
	}
	client := t.clientAt(url)
	for _, r := range records {
		_, err := client.CreateTable(ctx, creation(r.Inputs))
		if _, exists := errors.AsType[*types.ResourceInUseException](err); !exists && err != nil {
			return created, fmt.Errorf("table %s: %w", r.ID, err)
		}
		if err == nil {
			created = append(created, r.ID)
		}
		if err := updateTable(ctx, client, r.Inputs); err != nil {
			return created, fmt.Errorf("table %s: %w", r.ID, err)
		}
		if err := t.restoreStream(ctx, url, r.ID); err != nil {
			return created, fmt.Errorf("table %s: its stream: %w", r.ID, err)
		}
	}
	return created, nil
}

func (t *Tables) delete(ctx context.Context, _ provider.Call, r store.Record[Table]) error {
	if r.Inputs.DeletionProtectionEnabled {
		return awserr.New("ValidationException", "table %s is protected against deletion: turn deletionProtectionEnabled off first", r.ID)
	}
	client, err := t.client(ctx)
	if err != nil {
		return err
	}
	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String(r.ID)})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return t.forgetStreams(r.ID)
	}
	if err != nil {
		return err
	}
	err = dynamodb.NewTableNotExistsWaiter(client, func(o *dynamodb.TableNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = pollDelay, pollDelay
	}).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(r.ID)}, waitLimit)
	if err != nil {
		return err
	}
	return t.forgetStreams(r.ID)
}
