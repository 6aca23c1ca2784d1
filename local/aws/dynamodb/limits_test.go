package dynamodb

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestItemLimits checks the limits of items and expressions at which DynamoDB
// refuses a call
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
// It also checks the largest batch and the largest transaction.
func TestItemLimits(t *testing.T) {
	t.Parallel()
	const own = "TestItemLimits"
	f := newFixture(t, allow(`"dynamodb:*"`, own+`*`))
	f.declare(t, items(own))
	f.declare(t, sortedItems(own+"-sorted"))
	put := func(item string) string { return fmt.Sprintf(`{"TableName":%q,"Item":%s}`, own, item) }
	update := func(more string) string {
		return fmt.Sprintf(`{"TableName":%q,"Key":{"id":{"S":"1"}},%s}`, own, more)
	}
	condition := func(size int) string {
		name := "#" + strings.Repeat("n", 50)
		text := "attribute_not_exists(" + name + ")"
		text += strings.Repeat(" ", size-len(text))
		return fmt.Sprintf(`{"TableName":%q,"Item":{"id":{"S":"1"}},"ConditionExpression":%q,"ExpressionAttributeNames":{%q:"a"}}`, own, text, name)
	}
	list := func(n int, format string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(format, i))
		}
		return strings.Join(all, ",")
	}
	batchWrite := func(n int) string {
		return fmt.Sprintf(`{"RequestItems":{%q:[%s]}}`, own, list(n, `{"PutRequest":{"Item":{"id":{"S":"b%d"}}}}`))
	}
	batchGet := func(n int) string {
		return fmt.Sprintf(`{"RequestItems":{%q:{"Keys":[%s]}}}`, own, list(n, `{"id":{"S":"b%d"}}`))
	}
	transact := func(n int) string {
		return fmt.Sprintf(`{"TransactItems":[%s]}`, list(n, `{"Put":{"TableName":"`+own+`","Item":{"id":{"S":"t%d"}}}}`))
	}
	const most = 400 << 10
	sized := func(n int) string { // the name id and its value 1 take 3 bytes, the name a takes 1
		return put(`{"id":{"S":"1"},"a":{"S":"` + strings.Repeat("x", n-4) + `"}}`)
	}
	key := func(n int) string { return put(`{"id":{"S":"` + strings.Repeat("k", n) + `"}}`) }
	sortKey := func(n int) string {
		return `{"TableName":"` + own + `-sorted","Item":{"id":{"S":"1"},"at":{"S":"` + strings.Repeat("k", n) + `"}}}`
	}
	tests := []struct {
		name, operation, body string
		refused               bool
	}{
		{"an item of 400 KB", "PutItem", sized(most), false},
		{"an item of 400 KB and a byte", "PutItem", sized(most + 1), true},
		{"a key of 2048 bytes", "PutItem", key(2048), false},
		{"a key of 2049 bytes", "PutItem", key(2049), true},
		{"a sort key of 1024 bytes", "PutItem", sortKey(1024), false},
		{"a sort key of 1025 bytes", "PutItem", sortKey(1025), true},
		{"an empty key", "PutItem", put(`{"id":{"S":""}}`), true},
		{"an empty key to get", "GetItem", `{"TableName":"` + own + `","Key":{"id":{"S":""}}}`, true},
		{"an empty string that is no key", "PutItem", put(`{"id":{"S":"1"},"a":{"S":""}}`), false},
		{"an empty set", "PutItem", put(`{"id":{"S":"1"},"a":{"SS":[]}}`), true},
		{"a set with a value twice", "PutItem", put(`{"id":{"S":"1"},"a":{"SS":["x","x"]}}`), true},
		{"a number of 38 digits", "PutItem", put(`{"id":{"S":"1"},"a":{"N":"` + strings.Repeat("1", 38) + `"}}`), false},
		{"a number of 39 digits", "PutItem", put(`{"id":{"S":"1"},"a":{"N":"` + strings.Repeat("1", 39) + `"}}`), true},
		{"a key that is missing", "PutItem", put(`{"a":{"S":"1"}}`), true},
		{"a key of another type", "PutItem", put(`{"id":{"N":"1"}}`), true},

		{"an empty key of an index", "PutItem", put(`{"id":{"S":"1"},"status":{"S":""}}`), true},
		{"an index's key of another type", "PutItem", put(`{"id":{"S":"1"},"status":{"N":"1"}}`), true},
		{"an empty key of an index in an update", "UpdateItem", update(`"UpdateExpression":"SET #s = :s","ExpressionAttributeNames":{"#s":"status"},"ExpressionAttributeValues":{":s":{"S":""}}`), true},
		{"an empty key of an index in a batch", "BatchWriteItem", `{"RequestItems":{"` + own + `":[{"PutRequest":{"Item":{"id":{"S":"1"},"status":{"S":""}}}}]}}`, true},
		{"no key of an index", "PutItem", put(`{"id":{"S":"1"}}`), false},

		{"an expression of 4 KB", "PutItem", condition(4 << 10), false},
		{"an expression of 4 KB and a byte", "PutItem", condition(4<<10 + 1), true},
		{"an empty expression", "UpdateItem", update(`"UpdateExpression":""`), true},
		{"a value that no expression uses", "UpdateItem", update(`"UpdateExpression":"REMOVE a","ExpressionAttributeValues":{":x":{"S":"1"}}`), true},
		{"a name that no expression uses", "UpdateItem", update(`"UpdateExpression":"REMOVE a","ExpressionAttributeNames":{"#x":"x"}`), true},
		{"a reserved word", "UpdateItem", update(`"UpdateExpression":"SET status = :s","ExpressionAttributeValues":{":s":{"S":"1"}}`), true},
		{"a change of the key", "UpdateItem", update(`"UpdateExpression":"SET id = :s","ExpressionAttributeValues":{":s":{"S":"2"}}`), true},
		{"paths that overlap", "UpdateItem", update(`"UpdateExpression":"SET a = :s, a.b = :s","ExpressionAttributeValues":{":s":{"S":"2"}}`), true},

		{"a batch of 25 writes", "BatchWriteItem", batchWrite(25), false},
		{"a batch of 26 writes", "BatchWriteItem", batchWrite(26), true},
		{"a batch with an item twice", "BatchWriteItem", `{"RequestItems":{"` + own + `":[{"PutRequest":{"Item":{"id":{"S":"1"}}}},{"DeleteRequest":{"Key":{"id":{"S":"1"}}}}]}}`, true},
		{"a batch of 100 reads", "BatchGetItem", batchGet(100), false},
		{"a batch of 101 reads", "BatchGetItem", batchGet(101), true},
		{"a batch with a key twice", "BatchGetItem", `{"RequestItems":{"` + own + `":{"Keys":[{"id":{"S":"1"}},{"id":{"S":"1"}}]}}}`, true},
		{"a transaction of 100", "TransactWriteItems", transact(100), false},
		{"a transaction of 101", "TransactWriteItems", transact(101), true},
		{"a transaction with an item twice", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"` + own + `","Item":{"id":{"S":"1"}}}},{"Delete":{"TableName":"` + own + `","Key":{"id":{"S":"1"}}}}]}`, true},
		{"a scan with a limit of 0", "Scan", `{"TableName":"` + own + `","Limit":0}`, true},
		{"a strong read of an index", "Query", `{"TableName":"` + own + `","IndexName":"by-status","ConsistentRead":true,"KeyConditionExpression":"#s = :s","ExpressionAttributeNames":{"#s":"status"},"ExpressionAttributeValues":{":s":{"S":"1"}}}`, true},
		{"a query by a filter on the key", "Query", `{"TableName":"` + own + `","KeyConditionExpression":"id = :s","FilterExpression":"id = :s","ExpressionAttributeValues":{":s":{"S":"1"}}}`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, code, message := f.post(t, &f.keys, test.operation, []byte(test.body))
			want := ""
			if test.refused {
				want = "com.amazon.coral.validate#ValidationException"
			}
			if code != want || (status != 200) != test.refused {
				t.Errorf("answer %d %s (%s), want %q", status, code, message, want)
			}
		})
	}
}

// sortedItems returns a table with a sort key.
func sortedItems(name string) Table {
	in := items(name)
	in.RangeKey, in.Attributes = "at", append(in.Attributes, Attribute{"at", "S"})
	return in
}

// TestFailedCondition checks that ReturnValuesOnConditionCheckFailure returns
// the item with the error, for a single call and for a transaction
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html,
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
func TestFailedCondition(t *testing.T) {
	t.Parallel()
	const own = "TestFailedCondition"
	f := newFixture(t, allow(`"dynamodb:*"`, own))
	f.declare(t, items(own))
	item := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}, "a": &types.AttributeValueMemberS{Value: "kept"}}
	if _, err := f.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(own), Item: item}); err != nil {
		t.Fatal(err)
	}
	const condition = "attribute_not_exists(id)"
	text := func(item map[string]types.AttributeValue) string {
		s, ok := item["a"].(*types.AttributeValueMemberS)
		if !ok {
			return ""
		}
		return s.Value
	}
	for want, ask := range map[string]types.ReturnValuesOnConditionCheckFailure{"kept": types.ReturnValuesOnConditionCheckFailureAllOld, "": types.ReturnValuesOnConditionCheckFailureNone} {
		_, err := f.client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: aws.String(own), Item: key("1"), ConditionExpression: aws.String(condition), ReturnValuesOnConditionCheckFailure: ask,
		})
		failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
		if !ok || text(failed.Item) != want || (failed.Item == nil) != (want == "") {
			t.Errorf("put with %s: %v, want the item %q", ask, err, want)
		}
		_, err = f.client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: aws.String(own), Item: key("2")}},
			{Put: &types.Put{TableName: aws.String(own), Item: key("1"), ConditionExpression: aws.String(condition), ReturnValuesOnConditionCheckFailure: ask}},
		}})
		cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
		if !ok || len(cancelled.CancellationReasons) != 2 {
			t.Fatalf("transaction with %s: %v, want two reasons", ask, err)
		}
		first, second := cancelled.CancellationReasons[0], cancelled.CancellationReasons[1]
		if aws.ToString(first.Code) != "None" || aws.ToString(second.Code) != "ConditionalCheckFailed" || text(second.Item) != want {
			t.Errorf("transaction with %s: reasons %+v and %+v, want the item %q", ask, first, second, want)
		}
	}
}
