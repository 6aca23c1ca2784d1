package dynoxide

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"skiff/local/process/npm"
)

// release is the installed version, the same on each platform.
const release = "1.2.1"

// builds returns the npm packages with the binaries, by GOOS/GOARCH.
func builds() map[string]build {
	return map[string]build{
		"linux/amd64": {Module: "@dynoxide/linux-x64", Integrity: "sha512-sBHqlxJ9ANkLluFkYRfd5r8Y0ApFew4FhOrlhgRAgD4XzEoFOukEo1nuBTQ1+jTtofqwn4NWQ2k0Tn5mNTjgUg=="},

		// These have no digest here yet, so npm checks the registry's own
		// digest: npm view PACKAGE@VERSION dist.integrity.
		"linux/arm64":  {Module: "@dynoxide/linux-arm64"},
		"darwin/amd64": {Module: "@dynoxide/darwin-x64"},
		"darwin/arm64": {Module: "@dynoxide/darwin-arm64"},
	}
}

// build is the package for one platform.
type build struct {
	Module    string
	Integrity string // digest of its archive, as in a lock file of npm; "" if unknown
}

// Install installs the binary for this machine below dir once, and returns its
// path.
func Install(ctx context.Context, dir string, progress io.Writer) (binary string, err error) {
	b, err := buildFor(runtime.GOOS + "/" + runtime.GOARCH)
	if err != nil {
		return "", err
	}
	return b.install(ctx, dir, progress)
}

func (b build) install(ctx context.Context, dir string, progress io.Writer) (binary string, err error) {
	manifest, lock, err := b.files()
	if err != nil {
		return "", err
	}
	home, err := npm.Package{
		Name: "dynoxide", Module: b.Module, Purpose: "the local DynamoDB", Manifest: manifest, Lock: lock,
	}.Install(ctx, dir, progress)
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "node_modules", filepath.FromSlash(b.Module), "dynoxide"), nil
}

func buildFor(platform string) (build, error) {
	b, ok := builds()[platform]
	if !ok {
		return b, fmt.Errorf("dynoxide: there is no binary for %s, only for %s: start another DynamoDB emulator, such as DynamoDB Local, and pass its URL with the flag -dynamodb http://127.0.0.1:PORT",
			platform, strings.Join(slices.Sorted(maps.Keys(builds())), ", "))
	}
	return b, nil
}

// files returns the package.json and package-lock.json for the build. The
// package is required, although packages per platform are usually optional: npm
// silently skips an optional package whose digest is wrong.
func (b build) files() (manifest, lock []byte, err error) {
	type dependencies map[string]string
	type locked struct {
		Name         string       `json:"name,omitempty"`
		Version      string       `json:"version,omitempty"`
		Integrity    string       `json:"integrity,omitempty"`
		Dependencies dependencies `json:"dependencies,omitempty"`
	}
	const name = "local-dynoxide"
	needs := dependencies{b.Module: release}
	manifest, err = json.MarshalIndent(map[string]any{"name": name, "private": true, "dependencies": needs}, "", "  ")
	if err != nil {
		return nil, nil, err
	}
	lock, err = json.MarshalIndent(map[string]any{
		"name": name, "lockfileVersion": 3, "requires": true,
		"packages": map[string]locked{
			"":                         {Name: name, Dependencies: needs},
			"node_modules/" + b.Module: {Version: release, Integrity: b.Integrity},
		},
	}, "", "  ")
	return manifest, lock, err
}
