package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// writerEnv makes the test binary act as the other process of these tests.
const writerEnv = "STORE_TEST_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		writeForEver(dir)
	}
	os.Exit(m.Run())
}

// writeForEver prints the number of each record once it is acknowledged.
func writeForEver(dir string) {
	s, err := Open(dir, 0)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for n := 0; ; n++ {
		if err := Put(s, "thing", strconv.Itoa(n), Record[thing]{Inputs: thing{n}}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

func startWriter(t *testing.T, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), writerEnv+"="+dir)
	r, w := io.Pipe()
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { w.CloseWithError(errors.Join(cmd.Wait(), io.EOF)) }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		io.Copy(io.Discard, r)
	})
	return cmd, bufio.NewScanner(r)
}

// TestKilledWriter checks that acknowledged records survive a kill at any
// moment.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, lines := startWriter(t, dir)
	last := -1
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(lines.Text())
		}
		if last = n; n == 100 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if last < 100 {
		t.Fatalf("the writer ended at %d: %v", last, lines.Err())
	}
	s, err := Open(dir, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := range last + 1 {
		if r, err := Get[thing](s, "thing", strconv.Itoa(n)); err != nil || r.Inputs.Size != n {
			t.Errorf("record %d of %d: %v, %v", n, last, r, err)
		}
	}
}

func TestOtherProcessHasItOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, lines := startWriter(t, dir)
	if !lines.Scan() || lines.Text() != "0" {
		t.Fatalf("the writer says %q", lines.Text())
	}
	if _, err := Open(dir, 0); !errors.Is(err, ErrInUse) {
		t.Errorf("error %v, want ErrInUse", err)
	}
	_, second := startWriter(t, dir)
	if !second.Scan() || !strings.Contains(second.Text(), ErrInUse.Error()) {
		t.Errorf("a second writer says %q", second.Text())
	}
}

func TestOpenWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, lines := startWriter(t, dir)
	if !lines.Scan() {
		t.Fatal(lines.Err())
	}
	opened := make(chan error, 1)
	go func() {
		s, err := Open(dir, 10*time.Second)
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := <-opened; err != nil {
		t.Errorf("open after the other process has ended: %v", err)
	}
}
