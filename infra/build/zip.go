package build

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// zipFormat is part of every digest. Raise it with any change below: otherwise
// deployed functions keep the old format.
const zipFormat = "zip 1"

// writeZip writes the zip of a binary: one entry, bootstrap, with a fixed time.
// Lambda's runtime starts the file of this name and requires the executable
// bit.
// https://docs.aws.amazon.com/lambda/latest/dg/golang-package.html
func writeZip(w io.Writer, binary io.Reader) error {
	z := zip.NewWriter(w)
	header := &zip.FileHeader{
		Name:     "bootstrap",
		Method:   zip.Deflate,
		Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), // the earliest time in a zip
	}
	header.SetMode(0o755)
	entry, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := io.Copy(entry, binary); err != nil {
		return err
	}
	return z.Close()
}

// zipAll zips the binaries in the folder and returns the sha256 of each zip. It
// omits a function without a binary.
func (b *Builder) zipAll(folder string, functions []string) (map[string]string, error) {
	var mu sync.Mutex
	sums := map[string]string{}
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for _, name := range functions {
		group.Go(func() error {
			sum, err := b.zipOne(filepath.Join(folder, name), name)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("zip of %s: %w", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			sums[name] = sum
			return nil
		})
	}
	return sums, group.Wait()
}

// zipOne writes a function's zip beside its binary and then renames it, so that
// the final name never belongs to an incomplete zip.
func (b *Builder) zipOne(binary, function string) (sum string, err error) {
	in, err := os.Open(binary)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.Create(binary + ".zip")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if err := errors.Join(writeZip(io.MultiWriter(out, h), in), out.Close()); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), os.Rename(out.Name(), b.Zip(function))
}

// FileSum returns the sha256 of a file in hexadecimal.
func FileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// fileSum is like FileSum but returns "" for a file that it cannot read: such a
// zip must be built.
func fileSum(path string) string {
	sum, err := FileSum(path)
	if err != nil {
		return ""
	}
	return sum
}

func isSum(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == sha256.Size
}

// absolute returns an absolute path, for a command that runs in another folder.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
