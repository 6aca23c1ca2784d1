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

// The attributes of a lease's row. After a deployment the table still holds
// rows of the release before it. A renamed attribute loses their leases.
const (
	ownerAttribute = "owner"
	lockAttribute  = "lockedUntil" // Unix milliseconds
	doneAttribute  = "done"
)

// Lease gives one attempt the right to do a piece of work. It is a row that the
// attempt writes before it starts. The row says until when the attempt can run,
// so a later attempt can take over the work of one that died. Conditional
// writes implement it, because a transaction costs twice as much.
type Lease struct {
	Table *Table
	Key   map[string]types.AttributeValue
	Owner string // unique for this attempt
}

// Held is the content of a lease's row.
type Held struct {
	Row         map[string]types.AttributeValue
	Owner       string
	LockedUntil time.Time
	Done        bool // whether the work is done
}

// Locked reports whether the row's attempt may still be running.
func (h Held) Locked(now time.Time) bool { return !h.Done && now.Before(h.LockedUntil) }

// Claim is the row that an attempt writes before it starts.
type Claim struct {
	Row   map[string]types.AttributeValue // the attributes that describe the work, besides the key
	Until time.Time                       // when the attempt ends at the latest
	Keep  time.Time                       // when the row expires

	// Order names a number in Row. Claim replaces a row in which the number is
	// smaller, whoever owns it. If Order is empty, Claim replaces only expired
	// rows.
	Order string
}

// Claim writes the row. It fails with ErrCondition when another row is in its
// place. Use Read to see that row.
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

// Read reads the row with a consistent read. It fails with ErrNotFound. A row
// with this lease's Owner was written by the same attempt: the SDK repeats a
// Claim or a TakeOver when the response is lost.
func (l Lease) Read(ctx context.Context, now time.Time) (Held, error) {
	row, err := l.Table.Row(ctx, l.Key, now)
	if err != nil {
		return Held{}, err
	}
	r := Reader{Row: row}
	h := Held{Row: row, Owner: r.Text(ownerAttribute), LockedUntil: time.UnixMilli(r.Integer(lockAttribute))}
	_, h.Done = row[doneAttribute]
	return h, r.Err
}

// TakeOver gives the row to this attempt. It fails with ErrCondition when the
// attempt from does not own the row any more.
func (l Lease) TakeOver(ctx context.Context, from string, until time.Time) error {
	return l.update(ctx, from, Change{Set: map[string]types.AttributeValue{
		ownerAttribute: Text(l.Owner), lockAttribute: Integer(until.UnixMilli()),
	}})
}

// Settle applies the change and marks the work as done. It fails with
// ErrCondition when another attempt owns the row.
func (l Lease) Settle(ctx context.Context, c Change) error {
	c.Set = with(c.Set, doneAttribute, &types.AttributeValueMemberBOOL{Value: true})
	return l.update(ctx, l.Owner, c)
}

// Free applies the change and ends the lock of an attempt that has not done the
// work. It fails with ErrCondition when another attempt owns the row.
func (l Lease) Free(ctx context.Context, c Change) error {
	c.Set = with(c.Set, lockAttribute, Integer(0))
	return l.update(ctx, l.Owner, c)
}

// Change lists new values of a row's attributes.
type Change struct {
	Set    map[string]types.AttributeValue
	Add    map[string]types.AttributeValue // to a set or a number
	Remove []string
}

// with returns a copy of row with one more attribute. A value in row wins.
func with(row map[string]types.AttributeValue, name string, value types.AttributeValue) map[string]types.AttributeValue {
	both := map[string]types.AttributeValue{name: value}
	maps.Copy(both, row)
	return both
}

// update applies the change if owner owns the row.
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

// write adds the change to an input. Each attribute gets an alias, because its
// name may be a reserved word of DynamoDB.
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
