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
		"dynamodb:GetItems":  `"dynamodb:GetItems" is an action that IAM does not know; did you mean dynamodb:GetItem?`,
		"sqs:sendmessage":    "did you mean sqs:SendMessage?",
		"sqs:Frobnicate":     "does not know; see the service authorization reference",
		"dynamo:GetItem":     `"dynamo:GetItem" is of a service that IAM does not know, or newer`,
		"GetItem":            "is no IAM action, which is a service and a name",
		"":                   "is no IAM action",
		"dynamodb:":          "does not know",
		"dynamodb:Get*":      "is a pattern; name each action",
		"dynamodb:GetIte?":   "is a pattern",
		"*":                  "is no IAM action",
		"dynamodb:GetItem ":  "did you mean dynamodb:GetItem?",
		" dynamodb:GetItem":  "of a service that IAM does not know",
		"dynamodb :GetItem":  "of a service that IAM does not know",
		"dynamodb:Get:Item2": "does not know",
	} {
		if err := Check(action); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", action, err, want)
		}
	}
}

// Every line is a service and its actions, none of them twice: a list that was
// cut or joined wrongly would refuse what is right.
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
