package build

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"skiff/internal/rehearsal"
)

func TestWriteZip(t *testing.T) {
	t.Parallel()
	const binary = "the binary"
	var first, second bytes.Buffer
	for _, w := range []io.Writer{&first, &second} {
		if err := writeZip(w, strings.NewReader(binary)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two zips of one binary differ")
	}
	z, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != 1 || z.File[0].Name != "bootstrap" {
		t.Fatalf("entries: %v", z.File)
	}
	entry := z.File[0]
	if entry.Mode() != 0o755 {
		t.Errorf("mode %v, want -rwxr-xr-x", entry.Mode())
	}
	if got := entry.Modified.UTC().Format("2006-01-02 15:04:05"); got != "1980-01-01 00:00:00" {
		t.Errorf("modified %s", got)
	}
	r, err := entry.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != binary {
		t.Errorf("content %q, %v", got, err)
	}
}

// TestSameBytesInOtherFolderAndCache checks that the zips of two checkouts with
// different folders and caches are equal. It builds only beta, because an empty
// cache compiles everything that a function imports.
func TestSameBytesInOtherFolderAndCache(t *testing.T) {
	t.Parallel()
	a, b := newModule(t), newModule(t)
	b.env = append(b.env, "GOCACHE="+t.TempDir())
	b.functions = []string{"beta"}
	if mustBuild(t, a, "beta") != mustBuild(t, b, "beta") {
		t.Error("the zips of two checkouts differ")
	}
}

func TestParseTarget(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"linux/arm64": "linux/arm64", "linux/amd64": "linux/amd64"} {
		if got, err := ParseTarget(name); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	host, err := ParseTarget(rehearsal.Host)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseTarget(host.String()); err != nil || again != host {
		t.Errorf("the platform of host, %s, is not a target: %v", host, err)
	}
	for _, name := range []string{"", "arm64", "linux", "linux/386", "Linux/arm64", "windows/arm64", "linux/arm64 "} {
		if got, err := ParseTarget(name); err == nil {
			t.Errorf("%q is accepted as %s", name, got)
		} else if !strings.Contains(err.Error(), "must be linux/arm64, linux/amd64 or host") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
