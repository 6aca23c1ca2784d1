package table

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/names"
)

// The attributes of a lease's row. Rows of the release before stay in the table
// after a deployment, so renaming one loses their leases.
const (
	ownerAttribute = "owner"
	lockAttribute  = "lockedUntil" // Unix milliseconds
	doneAttribute  = "done"
)

// Lease is the right of one attempt to do a piece of work, kept in a row. The
// row is written before the work begins and says when the attempt has died at
// the latest, so a later attempt can take the work over. Conditional writes do
// all of it: a transaction would cost twice as much.
type Lease struct {
	Table *Table
	Key   map[string]types.AttributeValue
	Owner string // a nonce of this attempt alone
}

// Held is what a lease's row says.
type Held struct {
	Row         map[string]types.AttributeValue
	Owner       string
	LockedUntil time.Time
	Done        bool // the work is done
}

// Locked reports whether an attempt may be at work.
func (h Held) Locked(now time.Time) bool { return !h.Done && now.Before(h.LockedUntil) }

// Claim is the row that an attempt writes to begin.
type Claim struct {
	Row   map[string]types.AttributeValue // what the work is, beyond the key
	Until time.Time                       // no attempt outlives it
	Keep  time.Time                       // the row is forgotten after it

	// Order names a number in Row. A row with a smaller one is replaced,
	// whoever has it. Empty, no row is replaced before its Keep.
	Order string
}

// Claim writes the row. It fails with ErrCondition when there is one already,
// which Held reads.
func (l Lease) Claim(ctx context.Context, c Claim, now time.Time) error {
	row := maps.Clone(l.Key)
	maps.Copy(row, c.Row)
	row[ownerAttribute] = Text(l.Owner)
	row[lockAttribute] = Integer(c.Until.UnixMilli())
	row[names.TTLAttribute] = Integer(c.Keep.Unix())
	in := &dynamodb.PutItemInput{
		Item:                      row,
		ConditionExpression:       aws.String("attribute_not_exists(#id) OR #ttl <= :now"),
		ExpressionAttributeNames:  map[string]string{"#id": names.KeyAttribute, "#ttl": names.TTLAttribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":now": Integer(now.Unix())},
	}
	if c.Order != "" {
		*in.ConditionExpression += " OR #order < :order"
		in.ExpressionAttributeNames["#order"] = c.Order
		in.ExpressionAttributeValues[":order"] = c.Row[c.Order]
	}
	return l.Table.Put(ctx, in)
}

// Held reads the row, consistently. It fails with ErrNotFound. A row with this
// attempt's Owner is one that it wrote itself: the SDK repeats a Claim or a
// TakeOver whose answer is lost.
func (l Lease) Held(ctx context.Context, now time.Time) (Held, error) {
	row, err := l.Table.Row(ctx, l.Key, now)
	if err != nil {
		return Held{}, err
	}
	r := Reader{Row: row}
	h := Held{Row: row, Owner: r.Text(ownerAttribute), LockedUntil: time.UnixMilli(r.Integer(lockAttribute))}
	_, h.Done = row[doneAttribute]
	return h, r.Err
}

// TakeOver makes another attempt's row this one's. It fails with ErrCondition
// when that attempt has it no longer.
func (l Lease) TakeOver(ctx context.Context, from string, until time.Time) error {
	return l.update(ctx, from, Change{Set: map[string]types.AttributeValue{
		ownerAttribute: Text(l.Owner), lockAttribute: Integer(until.UnixMilli()),
	}})
}

// Settle records that the work is done, and the change. It fails with
// ErrCondition when another attempt has the row.
func (l Lease) Settle(ctx context.Context, c Change) error {
	c.Set = with(c.Set, doneAttribute, &types.AttributeValueMemberBOOL{Value: true})
	return l.update(ctx, l.Owner, c)
}

// Free ends the lock of an attempt that is not done, and records the change. It
// fails with ErrCondition when another attempt has the row.
func (l Lease) Free(ctx context.Context, c Change) error {
	c.Set = with(c.Set, lockAttribute, Integer(0))
	return l.update(ctx, l.Owner, c)
}

// Change is what changes in a row, by attribute.
type Change struct {
	Set    map[string]types.AttributeValue
	Add    map[string]types.AttributeValue // to a set or a number
	Remove []string
}

func with(row map[string]types.AttributeValue, name string, value types.AttributeValue) map[string]types.AttributeValue {
	both := map[string]types.AttributeValue{name: value}
	maps.Copy(both, row)
	return both
}

// update changes the row while the owner has it.
func (l Lease) update(ctx context.Context, owner string, c Change) error {
	in := &dynamodb.UpdateItemInput{
		Key: l.Key, ConditionExpression: aws.String("#owner = :owner"),
		ExpressionAttributeNames:  map[string]string{"#owner": ownerAttribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":owner": Text(owner)},
	}
	c.write(in)
	_, err := l.Table.Update(ctx, in)
	return err
}

// write adds the change to an input. Each attribute has an alias: any name may
// be one of DynamoDB's reserved words.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
func (c Change) write(in *dynamodb.UpdateItemInput) {
	operand := func(name string, value types.AttributeValue) (alias, placeholder string) {
		n := strconv.Itoa(len(in.ExpressionAttributeNames))
		in.ExpressionAttributeNames["#n"+n] = name
		if value != nil {
			in.ExpressionAttributeValues[":v"+n] = value
		}
		return "#n" + n, ":v" + n
	}
	clauses := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Set)) {
		alias, value := operand(name, c.Set[name])
		clauses["SET"] = append(clauses["SET"], alias+" = "+value)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Add)) {
		alias, value := operand(name, c.Add[name])
		clauses["ADD"] = append(clauses["ADD"], alias+" "+value)
	}
	for _, name := range c.Remove {
		alias, _ := operand(name, nil)
		clauses["REMOVE"] = append(clauses["REMOVE"], alias)
	}
	var update []string
	for _, word := range slices.Sorted(maps.Keys(clauses)) {
		update = append(update, word+" "+strings.Join(clauses[word], ", "))
	}
	in.UpdateExpression = aws.String(strings.Join(update, " "))
}
