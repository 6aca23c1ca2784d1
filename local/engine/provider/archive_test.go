package provider

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder returns a folder with x.zip, a subfolder and single files.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, mode fs.FileMode, data []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, mode); err != nil {
			t.Fatal(err)
		}
	}
	write("tree/run.sh", 0o755, []byte("run"))
	write("tree/sub/data", 0o644, []byte("data"))
	write("note.txt", 0o644, []byte("note"))
	write("x.zip", 0o644, zipped(t, entry{"bootstrap", 0o755, "code"}, entry{"etc/", fs.ModeDir | 0o755, ""}, entry{"etc/conf", 0o640, "conf"}))
	write("slip.zip", 0o644, zipped(t, entry{"../evil", 0o644, "x"}))
	write("root.zip", 0o644, zipped(t, entry{"/evil", 0o644, "x"}))
	write("link.zip", 0o644, zipped(t, entry{"link", fs.ModeSymlink | 0o777, "/etc/passwd"}))
	write("broken.zip", 0o644, []byte("no zip"))
	return dir
}

type entry struct {
	name string
	mode fs.FileMode
	data string
}

func zipped(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	text := "inline"
	archive := func(path string) Archive { return Archive{Signature: archiveMark, Path: path} }
	asset := func(path string) Archive { return Archive{Signature: assetMark, Path: path} }
	group := func(assets map[string]Archive) Archive { return Archive{Signature: archiveMark, Assets: assets} }
	tests := []struct {
		name    string
		archive Archive
		want    string // "name mode=contents" of each file
		refusal string
	}{
		{"zip", archive("x.zip"), "bootstrap 755=code etc/conf 640=conf", ""},
		{"absolute", archive(filepath.Join(dir, "x.zip")), "bootstrap 755=code etc/conf 640=conf", ""},
		{"above the program", archive("../" + filepath.Base(dir) + "/x.zip"), "bootstrap 755=code etc/conf 640=conf", ""},
		{"folder", archive("tree"), "run.sh 0=run sub/data 0=data", ""},
		{"assets", group(map[string]Archive{"b/run": asset("tree/run.sh"), "a": {Signature: assetMark, Text: &text}}), "a 0=inline b/run 0=run", ""},
		{"nested", group(map[string]Archive{"lib": archive("x.zip"), "deep": group(map[string]Archive{"n": asset("note.txt")})}), "deep/n 0=note lib/bootstrap 755=code lib/etc/conf 640=conf", ""},
		{"zip as an asset", group(map[string]Archive{"x.zip": asset("note.txt")}), "x.zip 0=note", ""},
		{"zip slip", archive("slip.zip"), "", `entry "../evil" points outside the archive`},
		{"rooted entry", archive("root.zip"), "", `entry "/evil" points outside the archive`},
		{"slip by an asset", group(map[string]Archive{"../evil": asset("note.txt")}), "", `entry "../evil" points outside the archive`},
		{"link", archive("link.zip"), "", "does not unpack links"},
		{"no zip", archive("broken.zip"), "", "could not unzip"},
		{"text as an archive", archive("note.txt"), "", "note.txt is not a .zip"},
		{"absent", archive("none.zip"), "", "none.zip: no such file"},
		{"remote", Archive{Signature: archiveMark, URI: "https://example.com/x.zip"}, "", "https://example.com/x.zip, but the local cloud does not read remote archives"},
		{"remote asset", group(map[string]Archive{"a": {Signature: assetMark, URI: "https://example.com/a"}}), "", "does not read remote archives"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files, err := test.archive.Files(dir)
			if test.refusal != "" {
				wantError(t, err, test.refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := list(files); got != test.want {
				t.Errorf("files %s, want %s", got, test.want)
			}
		})
	}
}

func TestHashOnlyHasNoContents(t *testing.T) {
	t.Parallel()
	if _, err := (Archive{Signature: archiveMark, Hash: "1"}).Files("."); !errors.Is(err, ErrNoContents) {
		t.Errorf("error %v, want ErrNoContents", err)
	}
}

// TestArchiveArrives sends an archive over gRPC. Its path is relative to the
// program's folder.
func TestArchiveArrives(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := os.WriteFile(filepath.Join(f.dir, "x.zip"), zipped(t, entry{"bootstrap", 0o755, "code"}), 0o644); err != nil {
		t.Fatal(err)
	}
	code := map[string]any{signatureKey: archiveMark, "hash": "1", "path": "x.zip"}
	mustCreate(t, f.connect(t), lampToken, urn("a"), map[string]any{"name": "a", "colour": "red", "code": code})
	if got := list(f.files); got != "bootstrap 755=code" {
		t.Errorf("files %s", got)
	}
}

func list(files []File) string {
	var all []string
	for _, f := range files {
		all = append(all, fmt.Sprintf("%s %o=%s", f.Name, f.Mode, f.Data))
	}
	return strings.Join(all, " ")
}
