package dynalite

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"skiff/local/npm"
)

//go:embed package.json
var manifest []byte

//go:embed package-lock.json
var lock []byte

//go:embed server.js
var server []byte

// CacheDir is the folder that installs of every project share: skiff in the
// user's cache folder.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "skiff"), nil
}

// Install puts dynalite under dir, once, and returns the folder that holds its
// node_modules.
func Install(ctx context.Context, dir string, progress io.Writer) (string, error) {
	return npm.Package{
		Name: "dynalite", Purpose: "the DynamoDB of this machine", Manifest: manifest, Lock: lock,
	}.Install(ctx, dir, progress)
}
