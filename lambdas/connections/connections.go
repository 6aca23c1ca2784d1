// Package connections stores the open WebSocket connections in a table.
package connections

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/function"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

const (
	// lifeTime is how long a row is kept. API Gateway ends a connection after
	// two hours. It does not always send $disconnect, so a row may outlive its
	// connection until the row expires.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
	lifeTime = 2*time.Hour + 10*time.Minute

	maxIDBytes = 128

	kind = "connection"
)

// The attributes of a row besides the table's keys.
const (
	connectedAttribute = "connectedAt" // Unix milliseconds
	subjectAttribute   = "subject"
)

// ErrID means that a text cannot be the id of a connection.
var ErrID = errors.New("not the id of a connection")

// Connection is one client's connection.
type Connection struct {
	ID      string
	Subject string    // of the client's token; empty if the stack requires no token
	Since   time.Time // when the client connected
}

// Table is the table of connections. It also holds rows of other kinds.
type Table struct{ *table.Table }

// Open returns the table that CONNECTIONS_TABLE_NAME names. It fails when a
// variable is missing.
func Open(e function.Environment) (Table, error) {
	t, err := table.New(e, names.ConnectionsTableVariable)
	return Table{t}, err
}

// Add writes a connection. It fails with ErrID when the id is not valid.
func (t Table) Add(ctx context.Context, c Connection) error {
	if !validID(c.ID) {
		return ErrID
	}
	row := table.KindKey(kind, c.ID)
	row[connectedAttribute] = table.Integer(c.Since.UnixMilli())
	row[names.TTLAttribute] = table.Integer(c.Since.Add(lifeTime).Unix())
	if c.Subject != "" {
		row[subjectAttribute] = table.Text(c.Subject)
	}
	return t.Put(ctx, &dynamodb.PutItemInput{Item: row})
}

// Remove deletes a connection. It succeeds if there is none. It fails with
// ErrID when the id is not valid.
func (t Table) Remove(ctx context.Context, id string) error {
	if !validID(id) {
		return ErrID
	}
	_, err := t.Delete(ctx, &dynamodb.DeleteItemInput{Key: table.KindKey(kind, id)})
	return err
}

// All returns every connection that may be open at that time. The read is
// consistent: an eventually consistent read may miss a client that has just
// connected.
func (t Table) All(ctx context.Context, now time.Time) ([]Connection, error) {
	var all []Connection
	var from map[string]types.AttributeValue
	for {
		out, err := t.Query(ctx, &dynamodb.QueryInput{
			ConsistentRead: aws.Bool(true), ExclusiveStartKey: from,
			KeyConditionExpression:   aws.String("#kind = :kind"),
			FilterExpression:         aws.String("#ttl > :now"),
			ExpressionAttributeNames: map[string]string{"#kind": names.KindAttribute, "#ttl": names.TTLAttribute},
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":kind": table.Text(kind), ":now": table.Integer(now.Unix()),
			},
		})
		if err != nil {
			return nil, err
		}
		for _, row := range out.Items {
			r := table.Reader{Row: row}
			c := Connection{ID: r.Text(names.KeyAttribute), Since: time.UnixMilli(r.Integer(connectedAttribute))}
			if _, found := row[subjectAttribute]; found {
				c.Subject = r.Text(subjectAttribute)
			}
			if r.Err != nil {
				return nil, r.Err
			}
			all = append(all, c)
		}
		if from = out.LastEvaluatedKey; from == nil {
			return all, nil
		}
	}
}

func validID(id string) bool { return 0 < len(id) && len(id) <= maxIDBytes }
