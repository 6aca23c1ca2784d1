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

// Engine tells where the items are kept, and starts what keeps them if need
// be.
type Engine func(ctx context.Context) (url string, err error)

// How often and how long a table's state is asked for. The engine answers at
// once; the limit is for one that hangs.
const (
	pollDelay = 5 * time.Millisecond
	waitLimit = 10 * time.Second
)

// idleLimit is how long a connection to the engine is kept.
const idleLimit = time.Minute

// The engine sees every call, whoever makes it, as one from this account's user
// in this region: DynamoDB Local, for one, keeps tables by both.
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

// create makes the table where the items are kept. One that is there already
// is left as it is: it is this table, whose record a crash kept back.
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
	if _, err := settled(ctx, client, r.ID); err != nil {
		return err
	}
	if err := setTTL(ctx, client, r.Inputs); err != nil {
		return err
	}
	return t.bringStream(ctx, r.Inputs)
}

// update changes the table where the items are kept. It starts from what that
// table is, not from what the record says: a crash may have kept the record of
// an update back.
func (t *Tables) update(ctx context.Context, _ provider.Call, old store.Record[Table], r *store.Record[Table]) error {
	if err := checkChange(old.Inputs, r.Inputs); err != nil {
		return err
	}
	client, err := t.client(ctx)
	if err != nil {
		return err
	}
	if err := bring(ctx, client, r.Inputs); err != nil {
		return err
	}
	return t.bringStream(ctx, r.Inputs)
}

// Restore brings what the engine at url holds in line with the records: a table
// that it lacks is made, without items, and a change that a crash left halfway is
// taken back. It returns the names of the tables that it has made.
func (t *Tables) Restore(ctx context.Context, url string) (made []string, err error) {
	records, err := store.List[Table](t.db, Token)
	if err != nil {
		return nil, err
	}
	client := t.clientAt(url)
	for _, r := range records {
		_, err := client.CreateTable(ctx, creation(r.Inputs))
		if _, exists := errors.AsType[*types.ResourceInUseException](err); !exists && err != nil {
			return made, fmt.Errorf("table %s: %w", r.ID, err)
		}
		if err == nil {
			made = append(made, r.ID)
		}
		if err := bring(ctx, client, r.Inputs); err != nil {
			return made, fmt.Errorf("table %s: %w", r.ID, err)
		}
		if err := t.restoreStream(ctx, url, r.ID); err != nil {
			return made, fmt.Errorf("table %s: its stream: %w", r.ID, err)
		}
	}
	return made, nil
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
