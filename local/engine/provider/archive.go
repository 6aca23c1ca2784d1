package provider

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Archive is an archive or an asset as the engine sends it. A create and an
// update carry the contents; old values carry only the hash.
type Archive struct {
	Signature string             `json:"4dabf18193072939515e22adb298388d"`
	Hash      string             `json:"hash"`
	Path      string             `json:"path,omitempty"`
	URI       string             `json:"uri,omitempty"`
	Text      *string            `json:"text,omitempty"`
	Assets    map[string]Archive `json:"assets,omitempty"`
}

// File is one file of an archive.
type File struct {
	Name string // slash-separated, relative
	Mode fs.FileMode
	Data []byte
}

// ErrNoContents is returned for an archive that the engine sent by hash only.
var ErrNoContents = errors.New("the archive has no contents")

// Files reads the archive; relative paths start at dir. Files of a zip keep
// their mode. Files of a directory and single assets have no executable bit:
// Pulumi's zip for AWS has none either
// (https://github.com/pulumi/pulumi/issues/3593).
func (a Archive) Files(dir string) ([]File, error) {
	return a.files(dir, "")
}

func (a Archive) files(dir, name string) ([]File, error) {
	switch {
	case a.Text != nil:
		return []File{{Name: name, Data: []byte(*a.Text)}}, nil
	case a.Path != "":
		return readPath(resolve(dir, a.Path), name, a.Signature == assetMark)
	case a.Assets != nil:
		var all []File
		for _, n := range slices.Sorted(maps.Keys(a.Assets)) {
			if !filepath.IsLocal(n) {
				return nil, fmt.Errorf("the entry %q points outside the archive", n)
			}
			files, err := a.Assets[n].files(dir, path.Join(name, n))
			if err != nil {
				return nil, err
			}
			all = append(all, files...)
		}
		return all, nil
	case a.URI != "":
		return nil, fmt.Errorf("the archive is at %s, but the local cloud does not read remote archives", a.URI)
	}
	return nil, ErrNoContents
}

func resolve(dir, p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(dir, p)
}

func readPath(p, name string, asset bool) ([]File, error) {
	info, err := os.Stat(p)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readDir(p, name)
	}
	data, err := os.ReadFile(p)
	if err != nil {
		return nil, err
	}
	if asset {
		return []File{{Name: name, Data: data}}, nil
	}
	if !strings.HasSuffix(p, ".zip") && !strings.HasSuffix(p, ".jar") {
		return nil, fmt.Errorf("%s is not a .zip: AWS Lambda accepts code only as a zip", p)
	}
	return unzip(p, name, data)
}

func readDir(dir, name string) ([]File, error) {
	var all []File
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		all = append(all, File{Name: path.Join(name, filepath.ToSlash(rel)), Data: data})
		return nil
	})
	return all, err
}

func unzip(p, name string, data []byte) ([]File, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: could not unzip: %w", p, err)
	}
	var all []File
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if !filepath.IsLocal(f.Name) {
			return nil, fmt.Errorf("%s: the entry %q points outside the archive", p, f.Name)
		}
		if !f.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: entry %q is not a regular file: the local cloud does not unpack links", p, f.Name)
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("%s: entry %q: %w", p, f.Name, err)
		}
		all = append(all, File{Name: path.Join(name, f.Name), Mode: f.Mode().Perm(), Data: body})
	}
	return all, nil
}

// archiveHash returns the hash that identifies an archive's contents. Old
// values have nothing else.
func archiveHash(v any) (hash string, ok bool) {
	object, isObject := v.(map[string]any)
	if !isObject {
		return "", false
	}
	mark, _ := object[signatureKey].(string)
	if mark != archiveMark && mark != assetMark {
		return "", false
	}
	hash, ok = object["hash"].(string)
	return hash, ok
}

// hashAlone reports whether a value is an archive without contents.
func hashAlone(v any) bool {
	if _, ok := archiveHash(v); !ok {
		return false
	}
	object := v.(map[string]any)
	assets, _ := object["assets"].(map[string]any)
	return len(assets) == 0 && object["path"] == nil && object["uri"] == nil && object["text"] == nil
}
