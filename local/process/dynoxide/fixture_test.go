package dynoxide

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"skiff/local/process/npm"
)

// TestMain also runs the parent that TestEndsWithKilledParent kills.
func TestMain(m *testing.M) {
	if path := os.Getenv("DYNOXIDE_TEST_PARENT"); path != "" {
		s, err := Start(context.Background(), Options{Binary: os.Getenv("DYNOXIDE_TEST_BINARY"), Path: path})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(s.process.PID(), s.URL())
		select {}
	}
	os.Exit(m.Run())
}

var install = sync.OnceValues(func() (string, error) {
	dir, err := npm.CacheDir()
	if err != nil {
		return "", err
	}
	return Install(context.Background(), dir, os.Stderr)
})

func installed(t *testing.T) string {
	t.Helper()
	binary, err := install()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func run(t *testing.T, path string) *Server {
	t.Helper()
	s, err := Start(t.Context(), Options{Binary: installed(t), Path: path, Stderr: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// call sends one DynamoDB request and returns its status and answer.
func call(url, action, body string) (int, map[string]any, error) {
	req, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+action)
	req.Header.Set("X-Amz-Date", "20260101T000000Z")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=b")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return 0, nil, err
	}
	return resp.StatusCode, answer, nil
}

func mustCall(t *testing.T, url, action, body string) map[string]any {
	t.Helper()
	status, answer, err := call(url, action, body)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %v %v", action, status, answer, err)
	}
	return answer
}

func createTable(t *testing.T, url, name string) {
	t.Helper()
	mustCall(t, url, "CreateTable", fmt.Sprintf(`{"TableName":%q,"BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"status","AttributeType":"S"},{"AttributeName":"createdAt","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
		"GlobalSecondaryIndexes":[{"IndexName":"status-index","Projection":{"ProjectionType":"ALL"},
			"KeySchema":[{"AttributeName":"status","KeyType":"HASH"},{"AttributeName":"createdAt","KeyType":"RANGE"}]}]}`, name))
	awaitActive(t, url, name)
}

func awaitActive(t *testing.T, url, name string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for tableStatus(t, url, name) != "ACTIVE" {
		if time.Now().After(deadline) {
			t.Fatalf("table %s is not active", name)
		}
	}
}

func tableStatus(t *testing.T, url, name string) any {
	t.Helper()
	_, answer, err := call(url, "DescribeTable", fmt.Sprintf(`{"TableName":%q}`, name))
	if err != nil {
		t.Fatal(err)
	}
	table, _ := answer["Table"].(map[string]any)
	return table["TableStatus"]
}
