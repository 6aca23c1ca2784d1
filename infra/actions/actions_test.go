package actions

import (
	"strings"
	"testing"
	"unicode"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"dynamodb:GetItem", "sqs:SendMessage", "secretsmanager:GetSecretValue", "execute-api:ManageConnections",
		"xray:PutTraceSegments", "logs:PutLogEvents", "s3:GetObject"} {
		if err := Check(action); err != nil {
			t.Error(err)
		}
	}
	for action, want := range map[string]string{
		"dynamodb:GetItems":  `"dynamodb:GetItems" is not an action in the list of IAM; did you mean dynamodb:GetItem?`,
		"sqs:sendmessage":    "did you mean sqs:SendMessage?",
		"sqs:Frobnicate":     "not an action in the list of IAM; see the service authorization reference",
		"dynamo:GetItem":     `"dynamo:GetItem" names a service that is not in the list in infra/actions`,
		"GetItem":            "is not an IAM action; write a service and a name",
		"":                   "is not an IAM action",
		"dynamodb:":          "not an action in the list of IAM",
		"dynamodb:Get*":      "is a pattern; name each action",
		"dynamodb:GetIte?":   "is a pattern",
		"*":                  "is not an IAM action",
		"dynamodb:GetItem ":  "did you mean dynamodb:GetItem?",
		" dynamodb:GetItem":  "names a service that is not in the list",
		"dynamodb :GetItem":  "names a service that is not in the list",
		"dynamodb:Get:Item2": "not an action in the list of IAM",
	} {
		if err := Check(action); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", action, err, want)
		}
	}
}

// TestList checks that each line of the list is a service and its actions,
// without duplicates. A damaged list would refuse valid actions.
func TestList(t *testing.T) {
	t.Parallel()
	services, all := map[string]bool{}, 0
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) < 2 || services[fields[0]] {
			t.Errorf("line %.60q", line)
			continue
		}
		services[fields[0]] = true
		seen := map[string]bool{}
		for _, name := range fields[1:] {
			if seen[name] || !unicode.IsLetter(rune(name[0])) {
				t.Errorf("%s:%s", fields[0], name)
			}
			seen[name] = true
			all++
		}
	}
	if len(services) < 400 || all < 15_000 {
		t.Errorf("%d services, %d actions", len(services), all)
	}
}
