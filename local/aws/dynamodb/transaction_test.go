package dynamodb

import (
	"fmt"
	"strings"
	"testing"
)

// TestTransactions checks that policies authorize the action on each item of a
// transaction.
func TestTransactions(t *testing.T) {
	t.Parallel()
	const own = "TestTransactions"
	f := newFixture(t, allow(`"dynamodb:PutItem","dynamodb:ConditionCheckItem","dynamodb:GetItem"`, own))
	f.declare(t, items(own))
	f.declare(t, items(own+"-other"))
	body := func(items ...string) []byte { return []byte(`{"TransactItems":[` + strings.Join(items, ",") + `]}`) }
	put := func(table string) string {
		return fmt.Sprintf(`{"Put":{"TableName":%q,"Item":{"id":{"S":"1"}}}}`, own+table)
	}
	on := func(action, more string) string {
		return fmt.Sprintf(`{%q:{"TableName":%q,"Key":{"id":{"S":"2"}}%s}}`, action, own, more)
	}
	const denied, validation = "com.amazon.coral.service#AccessDeniedException", "com.amazon.coral.validate#ValidationException"
	tests := []struct {
		name, operation string
		body            []byte
		code            string
	}{
		{"put", "TransactWriteItems", body(put("")), ""},
		{"condition", "TransactWriteItems", body(put(""), on("ConditionCheck", `,"ConditionExpression":"attribute_not_exists(id)"`)), ""},
		{"failed condition", "TransactWriteItems", body(put(""), on("ConditionCheck", `,"ConditionExpression":"attribute_exists(id)"`)), "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"},
		{"one of another table", "TransactWriteItems", body(put(""), put("-other")), denied},
		{"delete", "TransactWriteItems", body(put(""), on("Delete", "")), denied},
		{"update", "TransactWriteItems", body(put(""), on("Update", `,"UpdateExpression":"SET a = id"`)), denied},
		{"get", "TransactGetItems", body(on("Get", "")), ""},
		{"get beside a table", "TransactGetItems", []byte(`{"TableName":"` + own + `","TransactItems":[{"Get":{"TableName":"` + own + `-other","Key":{"id":{"S":"1"}}}}]}`), denied},
		{"no item", "TransactWriteItems", body(), validation},
		{"no table", "TransactGetItems", body(`{"Get":{}}`), validation},
		{"in another case", "TransactWriteItems", body(put(""), strings.Replace(on("Delete", ""), "Delete", "delete", 1)), validation},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, code, message := f.post(t, &f.keys, test.operation, test.body)
			if code != test.code {
				t.Errorf("answer %s (%s), want %s", code, message, test.code)
			}
		})
	}
}
