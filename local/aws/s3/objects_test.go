package s3

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// writerEnv makes the test binary act as the writer process of
// TestKilledWriter.
const writerEnv = "S3_TEST_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		writeForEver(dir)
	}
	os.Exit(m.Run())
}

func anyway(*object) error { return nil }

// writeForEver writes, for each number, a new object and a shared one. It
// prints the number once both are acknowledged.
func writeForEver(dir string) {
	o, err := openObjects(dir)
	for n := 0; err == nil; n++ {
		text := strings.Repeat(strconv.Itoa(n), 10_000)
		if _, err = o.put("b", strconv.Itoa(n), nil, strings.NewReader(text), anyway); err != nil {
			break
		}
		if _, err = o.put("b", "same", nil, strings.NewReader(text), anyway); err == nil {
			fmt.Println(n)
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

// TestKilledWriter kills a writer. Each acknowledged object must be complete,
// and no other file may remain.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), writerEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Error(lines.Text())
		}
		if last == 20 {
			cmd.Process.Kill()
		}
	}
	_ = cmd.Wait() // it was killed
	if last < 20 {
		t.Fatalf("the writer ended at %d", last)
	}
	// This file is what a kill leaves in the middle of a write.
	if err := os.WriteFile(filepath.Join(dir, "bodies", "half"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := openObjects(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer o.db.Close()
	read := func(key string) int {
		held, f, err := o.open("b", key)
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		defer f.Close()
		sum := md5.New()
		if n, err := io.Copy(sum, f); err != nil || n != held.Size || !bytes.Equal(sum.Sum(nil), held.MD5) {
			t.Errorf("%s is not whole: %d of %d bytes, %v", key, n, held.Size, err)
		}
		return int(held.Size)
	}
	for n := range last + 1 {
		read(strconv.Itoa(n))
	}
	if size, least := read("same"), len(strconv.Itoa(last))*10_000; size < least {
		t.Errorf("the object written over has %d bytes, want at least %d", size, least)
	}
	page, _, err := o.list("b", "", "", "", 1<<20)
	files, readErr := os.ReadDir(filepath.Join(dir, "bodies"))
	if err != nil || readErr != nil || len(files) != len(page) {
		t.Errorf("%d bodies for %d objects, %v, %v", len(files), len(page), err, readErr)
	}
}

// TestBucketGoes deletes a bucket with its objects, which needs forceDestroy.
func TestBucketGoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:*")
	kind := buckets(f.Buckets)
	for _, key := range []string{"a", "b"} {
		f.put(t, key, "x")
	}
	r, err := store.Get[Bucket](f.db, BucketToken, "mine")
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "with objects", kind.Delete(t.Context(), provider.Call{}, r), "BucketNotEmpty: The bucket you tried to delete is not empty: mine")
	if got := f.body(t, "a"); got != "x" {
		t.Errorf("after a refusal the object is %q", got)
	}
	r.Inputs.ForceDestroy = true
	wantError(t, "with forceDestroy", kind.Delete(t.Context(), provider.Call{}, r), "")
	files, err := os.ReadDir(filepath.Join(f.objects.dir, "bodies"))
	if empty, emptyErr := f.objects.empty("mine"); err != nil || emptyErr != nil || !empty || len(files) > 0 {
		t.Errorf("left %v, %v, %v", files, err, emptyErr)
	}
	r.Inputs.ForceDestroy = false
	wantError(t, "without objects", kind.Delete(t.Context(), provider.Call{}, r), "")
}

// TestLateObject checks that an object written while a bucket is deleted is not
// in the next bucket of that name. A second create of the same bucket keeps its
// objects.
func TestLateObject(t *testing.T) {
	t.Parallel()
	b := newBuckets(t)
	if _, err := b.objects.put("mine", "late", nil, strings.NewReader("x"), anyway); err != nil {
		t.Fatal(err)
	}
	r := store.Record[Bucket]{ID: "mine", Account: account}
	kind := buckets(b)
	for i, want := range []bool{true, false} {
		wantError(t, "create", kind.Create(t.Context(), provider.Call{}, &r), "")
		if empty, err := b.objects.empty("mine"); err != nil || empty != want {
			t.Errorf("create %d: empty %v, %v", i+1, empty, err)
		}
		put(t, b, BucketToken, r)
		if _, err := b.objects.put("mine", "k", nil, strings.NewReader("x"), anyway); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCutBody checks that a body cut short leaves the old object.
func TestCutBody(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "s3:*")
	f.put(t, "k", "first")
	f.put(t, "k", "before")
	cut := &counter{r: io.MultiReader(strings.NewReader("af"), errReader{})}
	if _, err := f.objects.put("mine", "k", nil, cut, anyway); err != io.ErrUnexpectedEOF {
		t.Errorf("error %v", err)
	}
	meta := map[string]string{givenHeader: "{}"}
	if _, err := (backend{f.Buckets}).PutObject("mine", "k", meta, strings.NewReader("af"), 5, nil); err == nil || !strings.HasPrefix(err.Error(), "IncompleteBody") {
		t.Errorf("fewer bytes than its length: %v", err)
	}
	if got := f.body(t, "k"); got != "before" {
		t.Errorf("the object is now %q", got)
	}
	if files, err := os.ReadDir(filepath.Join(f.objects.dir, "bodies")); err != nil || len(files) != 1 {
		t.Errorf("bodies %v, %v", files, err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
