package sqs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

// TestReopen checks that messages survive a restart with their receipts and
// receive counts. A restart drops the messages of a deleted queue.
func TestReopen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	f.clock.now = time.Now()
	url, gone := f.declare(t, Queue{Name: "q"}), f.declare(t, Queue{Name: "gone"})
	f.say(t, url, "a", "b", "c")
	f.say(t, gone, "x")
	handles := f.wantReceived(t, "all", url, "a b c")
	if err := store.Delete(f.db, Token, keyOf(*gone)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.all.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: &handles[0]}); err != nil {
		t.Fatal(err)
	}
	f.say(t, url, "d")
	if err := f.Queues.Close(); err != nil {
		t.Fatal(err)
	}
	q := openQueues(t, f.db, f.authority, f.dir)
	q.now = f.clock.time
	want := func(name, want string) {
		t.Helper()
		got, err := q.receive(t.Context(), keyOf(*url), 10, nil, 0)
		var all []string
		for _, m := range got {
			all = append(all, fmt.Sprint(m.Body, m.Receives))
		}
		if text := strings.Join(all, " "); err != nil || text != want {
			t.Errorf("%s: %q, %v; want %q", name, text, err, want)
		}
	}
	want("after a restart", "d1")
	if _, err := q.send(keyOf(*url), []message{{Body: "e"}}, []time.Duration{0}); err != nil {
		t.Fatal(err)
	}
	want("sent after it", "e1")
	f.clock.move(30 * time.Second)
	want("later", "b2 c2 d2 e2")
	if all, err := q.journal.load(); err != nil || len(all) != 1 {
		t.Errorf("kept %v, %v", all, err)
	}
}

// killedEnv is set in the process that TestKilled starts and kills.
const killedEnv = "SQS_TEST_DIR"

// TestKilledProcess is the program that TestKilled starts: it sends messages
// until it is killed, and prints each message after it is sent.
func TestKilledProcess(t *testing.T) {
	dir := os.Getenv(killedEnv)
	if dir == "" {
		t.SkipNow() // runs only as the child process of TestKilled
	}
	db, err := store.Open(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	q, err := New(db, iam.NewAuthority(db, nil), func() string { return base }, filepath.Join(dir, "messages.db"))
	if err != nil {
		t.Fatal(err)
	}
	keep(t, db, Token, account+"/q", store.Record[Queue]{ID: base + "/" + account + "/q", Account: account, Region: region, Inputs: Queue{Name: "q"}})
	for i := 0; ; i++ {
		if _, err := q.send(account+"/q", []message{{Body: fmt.Sprint(i)}}, []time.Duration{0}); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("sent %d\n", i)
	}
}

// TestKilled checks that a message survives a kill -9 once SendMessage has
// returned.
func TestKilled(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(exe, "-test.run=^TestKilledProcess$", "-test.v")
	cmd.Env = append(os.Environ(), killedEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sent := -1
	var line [4096]byte
	for text := ""; sent < 20; {
		n, err := out.Read(line[:])
		if err != nil {
			break
		}
		text += string(line[:n])
		fmt.Sscanf(text[max(0, strings.LastIndex(text[:max(0, strings.LastIndexByte(text, '\n'))], "sent ")):], "sent %d", &sent)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if sent < 20 {
		t.Fatalf("the child sent %d messages", sent+1)
	}
	db, err := store.Open(dir, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	q := openQueues(t, db, iam.NewAuthority(db, nil), dir)
	for i := range sent + 1 {
		got, err := q.receive(t.Context(), account+"/q", 1, nil, 0)
		if err != nil || len(got) != 1 || got[0].Body != fmt.Sprint(i) {
			t.Fatalf("message %d is %v, %v", i, got, err)
		}
	}
}
