package dynoxide

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestWritesSurviveKill checks that every acknowledged write survives kill -9, and that the
// index equals the table.
func TestWritesSurviveKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "items.db")
	s := run(t, path)
	createTable(t, s.URL(), "items")

	const writers, perWriter, killAt = 16, 200, 600
	acked := make([]int, writers) // the last acknowledged version of each writer's item
	var count atomic.Int64
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for v := 1; v <= perWriter; v++ {
				body := fmt.Sprintf(`{"TableName":"items","Item":{"id":{"S":"%d"},"status":{"S":"s%d"},"createdAt":{"S":"x"},"v":{"N":"%d"}}}`, w, v%2, v)
				status, _, err := call(s.URL(), "PutItem", body)
				if err != nil || status != http.StatusOK {
					return
				}
				acked[w] = v
				if count.Add(1) == killAt {
					s.process.End(syscall.SIGKILL, 0)
				}
			}
		})
	}
	group.Wait()
	<-s.Done()

	s = run(t, path)
	for w := range writers {
		item, _ := mustCall(t, s.URL(), "GetItem", fmt.Sprintf(`{"TableName":"items","ConsistentRead":true,"Key":{"id":{"S":"%d"}}}`, w))["Item"].(map[string]any)
		if got := version(item); got < acked[w] {
			t.Errorf("item %d is at version %d, acknowledged was %d", w, got, acked[w])
		}
	}
	checkIndex(t, s.URL(), writers)
}

func version(item map[string]any) int {
	n, _ := item["v"].(map[string]any)
	text, _ := n["N"].(string)
	v, _ := strconv.Atoi(text)
	return v
}

func checkIndex(t *testing.T, url string, items int) {
	t.Helper()
	seen := map[string]int{}
	for _, status := range []string{"s0", "s1"} {
		answer := mustCall(t, url, "Query", fmt.Sprintf(`{"TableName":"items","IndexName":"status-index","KeyConditionExpression":"#s = :s",
			"ExpressionAttributeNames":{"#s":"status"},"ExpressionAttributeValues":{":s":{"S":%q}}}`, status))
		for _, found := range answer["Items"].([]any) {
			item := found.(map[string]any)
			id := item["id"].(map[string]any)["S"].(string)
			seen[id]++
			stored, _ := mustCall(t, url, "GetItem", fmt.Sprintf(`{"TableName":"items","Key":{"id":{"S":%q}}}`, id))["Item"].(map[string]any)
			if version(stored) != version(item) {
				t.Errorf("item %s is at version %d, in the index at %d", id, version(stored), version(item))
			}
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("item %s is %d times in the index", id, n)
		}
	}
	if len(seen) != items {
		t.Errorf("the index holds %d items, want %d", len(seen), items)
	}
}

// A kill while a table is created or deleted must not leave it incomplete.
func TestTablesAreFinishedAtStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "items.db")
	s := run(t, path)
	createTable(t, s.URL(), "removed")
	mustCall(t, s.URL(), "CreateTable", `{"TableName":"made","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`)
	mustCall(t, s.URL(), "DeleteTable", `{"TableName":"removed"}`)
	s.process.End(syscall.SIGKILL, 0)
	<-s.Done()

	s = run(t, path)
	awaitActive(t, s.URL(), "made")
	if got := tableStatus(t, s.URL(), "removed"); got != nil {
		t.Errorf("the table that was being removed is %v", got)
	}
}

func TestEndsWithKilledParent(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "DYNOXIDE_TEST_PARENT="+filepath.Join(t.TempDir(), "items.db"), "DYNOXIDE_TEST_BINARY="+installed(t))
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	defer parent.Wait()
	defer parent.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	var url string
	if _, err := fmt.Sscan(line, &pid, &url); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if _, _, err := call(url, "ListTables", "{}"); err != nil {
		t.Fatal(err)
	}
	parent.Process.Kill()
	deadline := time.Now().Add(time.Minute)
	for syscall.Kill(pid, 0) == nil {
		if time.Now().After(deadline) {
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("dynoxide runs on without its parent")
		}
	}
}

// On systems without a death signal, the standard input ends with the parent.
func TestEndsWithItsInput(t *testing.T) {
	t.Parallel()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(Options{Binary: installed(t)}, port, nil)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	timer := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	if line, err := bufio.NewReader(stderr).ReadString('\n'); err != nil || !strings.Contains(line, "listening on") {
		t.Fatalf("it says %q, %v", line, err)
	}
	stdin.Close()
	io.Copy(io.Discard, stderr) // until it ends
	if !timer.Stop() {
		t.Error("dynoxide runs on without its input")
	}
}

// Names of built-in JavaScript properties are ordinary names.
func TestKeysOfObjects(t *testing.T) {
	t.Parallel()
	s := run(t, "")
	createTable(t, s.URL(), "items")
	const item = `{"id":{"S":"1"},"__proto__":{"S":"a"},"m":{"M":{"__proto__":{"M":{"x":{"N":"1"}}},"constructor":{"S":"c"},"toString":{"NULL":true}}}}`
	mustCall(t, s.URL(), "PutItem", `{"TableName":"items","Item":`+item+`}`)
	got, err := json.Marshal(mustCall(t, s.URL(), "GetItem", `{"TableName":"items","Key":{"id":{"S":"1"}}}`)["Item"])
	if err != nil {
		t.Fatal(err)
	}
	var want, have any
	json.Unmarshal([]byte(item), &want)
	json.Unmarshal(got, &have)
	if !reflect.DeepEqual(have, want) {
		t.Errorf("got %s, want %s", got, item)
	}
}

func TestWaitsForPredecessor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "items.db")
	first := run(t, path)
	second := make(chan error, 1)
	go func() {
		s, err := Start(context.Background(), Options{Binary: installed(t), Path: path})
		if err == nil {
			err = s.Close()
		}
		second <- err
	}()
	select {
	case err := <-second:
		t.Fatalf("started on data that is in use: %v", err)
	case <-time.After(time.Second):
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Fatal(err)
	}
}

func TestRefusesLockedData(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "items.db")
	run(t, path)
	s, err := Start(t.Context(), Options{Binary: installed(t), Path: path})
	if !errors.Is(err, ErrLocked) {
		t.Fatalf("got %v, %v", s, err)
	}
}

func TestTellsOfUnexpectedEnd(t *testing.T) {
	t.Parallel()
	s := run(t, "")
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	s.process.End(syscall.SIGKILL, 0)
	<-s.Done()
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got %v", err)
	}
}

func TestCloseIsQuiet(t *testing.T) {
	t.Parallel()
	s := run(t, "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}
