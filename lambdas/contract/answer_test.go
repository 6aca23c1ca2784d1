package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/api"
	"skiff/lambdas/names"
)

// answer is a Response with its decoded body.
type answer struct {
	api.Response
	fields map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.fields[name].(string)
	return s
}

// check checks what is true of every response, and returns it as an answer.
func (w *world) check(requestID string, r api.Response) answer {
	w.t.Helper()
	a := answer{Response: r}
	if r.Body != "" {
		if err := json.Unmarshal([]byte(r.Body), &a.fields); err != nil {
			w.t.Errorf("the body is not JSON: %v: %.200s", err, r.Body)
		}
	}
	w.checkLeaks("an answer", r.Body+fmt.Sprint(r.Headers))
	if r.Headers["X-Content-Type-Options"] != "nosniff" {
		w.t.Error("no X-Content-Type-Options")
	}
	wantType := "application/json"
	switch {
	case r.StatusCode == 204:
		wantType = ""
	case r.StatusCode >= 400:
		wantType = "application/problem+json"
		if a.text("type") != "about:blank" || a.text("title") != http.StatusText(r.StatusCode) || a.text("detail") == "" ||
			a.text("requestId") != requestID || a.fields["status"] != float64(r.StatusCode) || len(a.fields) != 6 {
			w.t.Errorf("status %d has a wrong problem: %s", r.StatusCode, r.Body)
		}
	}
	if got := r.Headers["Content-Type"]; got != wantType {
		w.t.Errorf("status %d has content type %q, want %q", r.StatusCode, got, wantType)
	}
	if r.StatusCode/100 == 3 || r.StatusCode < 200 || (r.StatusCode >= 500 && !w.faulty) {
		w.t.Errorf("status %d: %s\n%s", r.StatusCode, r.Body, w.log.String())
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if r.StatusCode == 201 {
		w.stored[a.text("id")] = true
	}
	return a
}

func (w *world) checkLeaks(where, text string) {
	w.t.Helper()
	for _, word := range []string{"arn:", w.table, w.connections, testSecret, account, "goroutine", ".go:"} {
		if strings.Contains(text, word) {
			w.t.Errorf("%s shows %q: %.300s", where, word, text)
		}
	}
}

// checkInvariants checks, at the end of a test, what is true after every case.
func (w *world) checkInvariants() {
	if w.t.Failed() {
		return
	}
	w.proxy.fault(nil)
	w.faulty, w.deadline = false, 0
	w.checkLog()
	control := w.create(`{"name":"control","status":"archived"}`)
	if got := w.send("GET", "/items/"+control, nil, ""); got.StatusCode != 200 {
		w.t.Errorf("the control item: status %d", got.StatusCode)
	}
	if got, want := w.ids(), slices.Sorted(maps.Keys(w.stored)); !slices.Equal(got, want) {
		w.t.Errorf("the table has %d items, want %d: %v, want %v", len(got), len(want), got, want)
	}
}

func (w *world) checkLog() {
	w.t.Helper()
	text := w.log.String()
	w.checkLeaks("the log", text)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil && text != "" {
			w.t.Errorf("a log line is not JSON: %s", line)
		}
	}
}

// ids returns the ids of all items in the table.
func (w *world) ids() []string {
	w.t.Helper()
	var ids []string
	pages := dynamodb.NewScanPaginator(w.client(), &dynamodb.ScanInput{
		TableName: &w.table, ProjectionExpression: aws.String("id"), FilterExpression: aws.String("attribute_exists(#s)"),
		ExpressionAttributeNames: map[string]string{"#s": names.StatusKey},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		for _, row := range page.Items {
			ids = append(ids, row["id"].(*types.AttributeValueMemberS).Value)
		}
	}
	slices.Sort(ids)
	return ids
}
