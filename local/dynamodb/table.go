// Package dynamodb stands for Amazon DynamoDB: tables, and a front before the
// engine that holds their items, which decides each call by the role of the
// function that makes it.
package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/local/arn"
	"skiff/local/provider"
	"skiff/local/store"
)

// Token is the resource type of this package.
const Token = "aws:dynamodb/table:Table"

// Table is the inputs of a table. Streams, replicas, imports and restores are
// left out.
type Table struct {
	Name                      string            `json:"name" aws:"replace"`
	Attributes                []Attribute       `json:"attributes,omitempty" aws:"required"`
	HashKey                   string            `json:"hashKey,omitempty" aws:"required,replace"`
	RangeKey                  string            `json:"rangeKey,omitempty" aws:"replace"`
	BillingMode               string            `json:"billingMode,omitempty"`
	ReadCapacity              int               `json:"readCapacity,omitempty"`
	WriteCapacity             int               `json:"writeCapacity,omitempty"`
	GlobalSecondaryIndexes    []Index           `json:"globalSecondaryIndexes,omitempty"`
	LocalSecondaryIndexes     []Index           `json:"localSecondaryIndexes,omitempty" aws:"replace"`
	TTL                       *TTL              `json:"ttl,omitempty"`
	PointInTimeRecovery       *Recovery         `json:"pointInTimeRecovery,omitempty"`
	ServerSideEncryption      *Encryption       `json:"serverSideEncryption,omitempty"`
	DeletionProtectionEnabled bool              `json:"deletionProtectionEnabled,omitempty"`
	TableClass                string            `json:"tableClass,omitempty"`
	Tags                      map[string]string `json:"tags,omitempty"`
}

// Attribute is an attribute of a key, of type S, N or B.
type Attribute struct {
	Name string `json:"name" aws:"required"`
	Type string `json:"type" aws:"required"`
}

// Index is a secondary index; a local one has the table's hash key.
type Index struct {
	Name             string   `json:"name" aws:"required"`
	HashKey          string   `json:"hashKey,omitempty"`
	RangeKey         string   `json:"rangeKey,omitempty"`
	ProjectionType   string   `json:"projectionType" aws:"required"`
	NonKeyAttributes []string `json:"nonKeyAttributes,omitempty"`
	ReadCapacity     int      `json:"readCapacity,omitempty"`
	WriteCapacity    int      `json:"writeCapacity,omitempty"`
}

// TTL names the attribute with the Unix second after which an item may go.
// The local cloud keeps such items: AWS may take days to remove them.
type TTL struct {
	AttributeName string `json:"attributeName,omitempty"`
	Enabled       bool   `json:"enabled,omitempty"`
}

// Recovery is point-in-time recovery; here it is a setting without effect.
type Recovery struct {
	Enabled              bool `json:"enabled"`
	RecoveryPeriodInDays int  `json:"recoveryPeriodInDays,omitempty"`
}

// Encryption is server-side encryption; here it is a setting without effect.
type Encryption struct {
	Enabled   bool   `json:"enabled"`
	KMSKeyARN string `json:"kmsKeyArn,omitempty"`
}

// Outputs is what AWS adds to a table.
type Outputs struct {
	ARN     string            `json:"arn"`
	TagsAll map[string]string `json:"tagsAll"`
}

// Tables keeps tables in an engine that speaks DynamoDB's protocol.
type Tables struct {
	db     *store.Store
	engine Engine
}

// Engine tells where the items are kept, and starts what keeps them if need
// be.
type Engine func(ctx context.Context) (url string, err error)

// New keeps the tables of db in engine.
func New(db *store.Store, engine Engine) *Tables { return &Tables{db: db, engine: engine} }

// Resources are the resource types of this package.
func (t *Tables) Resources() *provider.Resource[Table, Outputs] {
	return &provider.Resource[Table, Outputs]{
		Token: Token, Named: "name", MaxName: 255,
		Check:  check,
		ID:     func(_ provider.Call, in Table) string { return in.Name },
		Create: t.create,
		Update: t.update,
		Delete: t.delete,
		Describe: func(r store.Record[Table]) Outputs {
			return Outputs{ARN: tableARN(r), TagsAll: r.Inputs.Tags}
		},
	}
}

func tableARN(r store.Record[Table]) string {
	return arn.New("dynamodb", r.Region, r.Account, "table/"+r.ID)
}

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

// How often and how long a table's state is asked for. The engine answers at
// once; the limit is for one that hangs.
const (
	pollDelay = 5 * time.Millisecond
	waitLimit = 10 * time.Second
)

// maxIndexes is the quota of global secondary indexes per table
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html).
const maxIndexes = 20

func check(in Table) []provider.Problem {
	var problems []provider.Problem
	refuse := func(property, format string, args ...any) {
		problems = append(problems, provider.Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
	}
	if in.Name != "" && !nameForm.MatchString(in.Name) {
		refuse("name", "%q must be 3 to 255 letters, digits and _.-", in.Name)
	}
	if m := in.BillingMode; m != "" && m != "PAY_PER_REQUEST" && m != "PROVISIONED" {
		refuse("billingMode", "%q is neither PAY_PER_REQUEST nor PROVISIONED", m)
	}
	if in.BillingMode == "PAY_PER_REQUEST" && (in.ReadCapacity != 0 || in.WriteCapacity != 0) {
		refuse("billingMode", "PAY_PER_REQUEST takes no readCapacity or writeCapacity")
	}
	if in.BillingMode != "PAY_PER_REQUEST" && (in.ReadCapacity < 1 || in.WriteCapacity < 1) {
		refuse("billingMode", "PROVISIONED, the default, needs a readCapacity and a writeCapacity of at least 1")
	}
	if in.TTL != nil && in.TTL.Enabled && in.TTL.AttributeName == "" {
		refuse("ttl.attributeName", "is required where ttl is enabled")
	}
	if len(in.GlobalSecondaryIndexes) > maxIndexes {
		refuse("globalSecondaryIndexes", "%d indexes; a table has at most %d", len(in.GlobalSecondaryIndexes), maxIndexes)
	}
	if c := in.TableClass; c != "" && c != "STANDARD" && c != "STANDARD_INFREQUENT_ACCESS" {
		refuse("tableClass", "%q is neither STANDARD nor STANDARD_INFREQUENT_ACCESS", c)
	}
	problems = append(problems, checkKeys(in)...)
	return append(problems, checkIndexes(in)...)
}

// checkKeys refuses a key that no attribute types, and an attribute that no
// key uses, as CreateTable does.
func checkKeys(in Table) []provider.Problem {
	var problems []provider.Problem
	declared := map[string]bool{}
	for i, a := range in.Attributes {
		if !slices.Contains([]string{"S", "N", "B"}, a.Type) {
			problems = append(problems, provider.Problem{Property: fmt.Sprintf("attributes[%d].type", i), Reason: fmt.Sprintf("%q is none of S, N, B", a.Type)})
		}
		declared[a.Name] = true
	}
	used := map[string]bool{}
	keys := []string{in.HashKey, in.RangeKey}
	for _, i := range slices.Concat(in.GlobalSecondaryIndexes, in.LocalSecondaryIndexes) {
		keys = append(keys, i.HashKey, i.RangeKey)
	}
	for _, key := range keys {
		if key != "" && !declared[key] {
			problems = append(problems, provider.Problem{Property: "attributes", Reason: fmt.Sprintf("the key %q is not among the attributes", key)})
		}
		used[key] = true
	}
	for name := range maps.Keys(declared) {
		if !used[name] {
			problems = append(problems, provider.Problem{Property: "attributes", Reason: fmt.Sprintf("the attribute %q is no key of the table or an index: all attributes must be indexed", name)})
		}
	}
	return problems
}

func checkIndexes(in Table) []provider.Problem {
	var problems []provider.Problem
	seen := map[string]bool{}
	for _, i := range slices.Concat(in.GlobalSecondaryIndexes, in.LocalSecondaryIndexes) {
		at := "index " + i.Name
		if !nameForm.MatchString(i.Name) {
			problems = append(problems, provider.Problem{Property: at, Reason: "the name must be 3 to 255 letters, digits and _.-"})
		}
		if seen[i.Name] {
			problems = append(problems, provider.Problem{Property: at, Reason: "is declared twice"})
		}
		seen[i.Name] = true
		switch i.ProjectionType {
		case "ALL", "KEYS_ONLY":
			if len(i.NonKeyAttributes) > 0 {
				problems = append(problems, provider.Problem{Property: at, Reason: "nonKeyAttributes go with the projection INCLUDE only"})
			}
		case "INCLUDE":
		default:
			problems = append(problems, provider.Problem{Property: at, Reason: fmt.Sprintf("projectionType %q is none of ALL, KEYS_ONLY, INCLUDE", i.ProjectionType)})
		}
	}
	return problems
}

func (t *Tables) client(ctx context.Context) (*dynamodb.Client, error) {
	url, err := t.engine(ctx)
	if err != nil {
		return nil, err
	}
	return dynamodb.New(dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	}), nil
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
		err = nil
	}
	if err != nil {
		return err
	}
	return dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = pollDelay, pollDelay
	}).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(r.ID)}, waitLimit)
}

func creation(in Table) *dynamodb.CreateTableInput {
	// The items' engine takes no changes of an index or of capacity, so that
	// every table is on demand there, whatever it is billed by.
	input := &dynamodb.CreateTableInput{
		TableName:   aws.String(in.Name),
		BillingMode: types.BillingModePayPerRequest,
		KeySchema:   keySchema(in.HashKey, in.RangeKey),
	}
	for _, a := range in.Attributes {
		input.AttributeDefinitions = append(input.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: aws.String(a.Name), AttributeType: types.ScalarAttributeType(a.Type),
		})
	}
	for _, i := range in.GlobalSecondaryIndexes {
		input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(i.Name), KeySchema: keySchema(i.HashKey, i.RangeKey), Projection: projection(i),
		})
	}
	for _, i := range in.LocalSecondaryIndexes {
		input.LocalSecondaryIndexes = append(input.LocalSecondaryIndexes, types.LocalSecondaryIndex{
			IndexName: aws.String(i.Name), KeySchema: keySchema(in.HashKey, i.RangeKey), Projection: projection(i),
		})
	}
	return input
}

func keySchema(hash, rang string) []types.KeySchemaElement {
	keys := []types.KeySchemaElement{{AttributeName: aws.String(hash), KeyType: types.KeyTypeHash}}
	if rang != "" {
		keys = append(keys, types.KeySchemaElement{AttributeName: aws.String(rang), KeyType: types.KeyTypeRange})
	}
	return keys
}

func projection(i Index) *types.Projection {
	return &types.Projection{ProjectionType: types.ProjectionType(i.ProjectionType), NonKeyAttributes: i.NonKeyAttributes}
}

func (t *Tables) update(_ context.Context, _ provider.Call, old store.Record[Table], r *store.Record[Table]) error {
	if !reflect.DeepEqual(old.Inputs.GlobalSecondaryIndexes, r.Inputs.GlobalSecondaryIndexes) || !reflect.DeepEqual(old.Inputs.Attributes, r.Inputs.Attributes) {
		return fmt.Errorf("the local cloud cannot change the indexes of table %s, which AWS can: to go on here, destroy the local stack and bring it up anew", r.ID)
	}
	return nil
}

func (t *Tables) delete(ctx context.Context, _ provider.Call, r store.Record[Table]) error {
	if r.Inputs.DeletionProtectionEnabled {
		return fmt.Errorf("ValidationException: table %s is protected against deletion: turn deletionProtectionEnabled off first", r.ID)
	}
	client, err := t.client(ctx)
	if err != nil {
		return err
	}
	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String(r.ID)})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return nil
	}
	if err != nil {
		return err
	}
	return dynamodb.NewTableNotExistsWaiter(client, func(o *dynamodb.TableNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = pollDelay, pollDelay
	}).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(r.ID)}, waitLimit)
}
