package build

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// listed holds the output of go list for a package that decides the bytes of a
// binary.
type listed struct {
	Dir            string
	ImportPath     string
	Standard       bool
	DepOnly        bool
	Deps           []string
	DefaultGODEBUG string
	GoFiles        []string
	SFiles         []string
	HFiles         []string
	SysoFiles      []string
	EmbedFiles     []string
	Module         *module
}

// module is the module of a package in the output of go list.
type module struct {
	Path      string
	Version   string
	Sum       string
	GoVersion string
	GoMod     string // path of its go.mod
	Replace   *module
}

// listedFields selects the fields of listed: go list takes twice the time for
// all fields.
const listedFields = "-json=Dir,ImportPath,Standard,DepOnly,Deps,DefaultGODEBUG,GoFiles,SFiles,HFiles,SysoFiles,EmbedFiles,Module"

// Digests returns a hash for each function over everything that decides the
// bytes of its zip:
//
//   - the files of every imported package, including embedded files
//   - the versions and sums of the modules
//   - the Go version and the flags
//
// A changed comment changes the digest. A test file, another file beside the
// code, or another function does not. Digests runs go list once and does not
// compile.
func (b *Builder) Digests(ctx context.Context) (map[string]string, error) {
	s, err := b.source(ctx)
	return s.digests, err
}

// settled reports whether no file of a package is read for a digest: one of the
// standard library is settled by the Go version, one in the module cache by its
// module's sum. Any other is read: the main module, a replaced one, a workspace,
// a vendor folder.
func (p listed) settled(moduleCache string) bool {
	return p.Standard || strings.HasPrefix(p.Dir, moduleCache+string(filepath.Separator))
}

// describe is the part of a digest that comes from one package.
func (p listed) describe(settled bool) (string, error) {
	var s strings.Builder
	fmt.Fprintln(&s, "package", p.ImportPath)
	for m := p.Module; m != nil; m = m.Replace {
		fmt.Fprintln(&s, "module", m.Path, m.Version, m.Sum, language(m.GoVersion))
	}
	if settled {
		return s.String(), nil
	}
	// go build finds the profile of a main package only by its name, so go list
	// does not list it.
	// https://go.dev/doc/pgo
	files := slices.Concat(p.GoFiles, p.SFiles, p.HFiles, p.SysoFiles, p.EmbedFiles, []string{"default.pgo"})
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(p.Dir, name))
		if errors.Is(err, fs.ErrNotExist) && name == "default.pgo" {
			continue
		}
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&s, "file %q %x\n", name, sha256.Sum256(data))
	}
	return s.String(), nil
}

// language returns the language version of a Go version. The compiler gets only
// that, so 1.26.1 in go.mod builds the same as 1.26.0.
func language(version string) string {
	if parts := strings.SplitN(version, ".", 3); len(parts) == 3 {
		return parts[0] + "." + parts[1]
	}
	return version
}

// goEnv returns the go command's settings that decide the bytes, from the
// environment, go env -w or a toolchain line. The Go version includes
// experiments, and a FIPS module appears in the list of packages.
func (b *Builder) goEnv(ctx context.Context) (map[string]string, error) {
	out, err := b.run(ctx, []string{"env", "-json", "GOVERSION", "GOFLAGS", "GOAMD64", "GOARM64", "GOMODCACHE", "GOWORK"})
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	return env, nil
}

// level returns the processor level of the target. The levels of other
// processors do not matter.
func (b *Builder) level(env map[string]string) string {
	return env["GO"+strings.ToUpper(b.target.Arch)]
}

// decisive returns the flags in GOFLAGS that can decide the bytes. The build
// sets some flags itself, and go list shows where modules come from. With these
// flags included, machines with different settings would have different
// digests.
func decisive(goflags string) string {
	settled := []string{"buildvcs", "trimpath", "tags", "ldflags", "mod", "modfile", "modcacherw", "v", "x", "p"}
	flags := slices.DeleteFunc(strings.Fields(goflags), func(flag string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		return slices.Contains(settled, name)
	})
	return strings.Join(flags, " ")
}
