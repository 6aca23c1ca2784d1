package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"skiff/internal/rehearsal"
)

// sources are what the functions are built of, at one time.
type sources struct {
	digests map[string]string  // by function
	mains   map[string]string  // folders of the main packages, by function
	folders []rehearsal.Folder // of the packages that are read for a digest
	modules []string           // paths of the files that choose the modules
	listed  time.Time          // when the list began, by clock; zero if nothing is built from it
}

// source lists the sources. It runs go list once and does not compile.
func (b *Builder) source(ctx context.Context) (s sources, err error) {
	var env map[string]string
	var asking errgroup.Group
	asking.Go(func() (err error) {
		env, err = b.goEnv(ctx)
		return err
	})
	args := append([]string{"list", "-deps", listedFields, "-tags", tags}, b.packages(b.functions)...)
	out, err := b.run(ctx, args)
	if err := asking.Wait(); err != nil {
		return s, err
	}
	if err != nil {
		return s, fmt.Errorf("digest of the functions: %w", err)
	}
	packages := map[string]string{}
	var mains []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return s, fmt.Errorf("go list: %w", err)
		}
		settled := p.settled(env["GOMODCACHE"])
		if packages[p.ImportPath], err = p.describe(settled); err != nil {
			return s, fmt.Errorf("digest of %s: %w", p.ImportPath, err)
		}
		if !settled {
			s.folders = p.folder(s.folders)
			s.addModules(p)
		}
		if !p.DepOnly {
			mains = append(mains, p)
		}
	}
	s.modules = append(s.modules, env["GOWORK"], env["GOWORK"]+".sum")
	s.digests, s.mains = map[string]string{}, map[string]string{}
	for _, p := range mains {
		h := sha256.New()
		fmt.Fprintln(h, zipFormat, b.target, strings.Join(buildFlags(), " "))
		fmt.Fprintln(h, env["GOVERSION"], b.level(env), decisive(env["GOFLAGS"]), p.DefaultGODEBUG)
		for _, path := range slices.Sorted(slices.Values(append(p.Deps, p.ImportPath))) {
			fmt.Fprint(h, packages[path])
		}
		name := filepath.Base(p.Dir)
		s.digests[name], s.mains[name] = hex.EncodeToString(h.Sum(nil)), p.Dir
	}
	return s, nil
}

// folder appends the folder of a package and the folders of its embedded files.
func (p listed) folder(into []rehearsal.Folder) []rehearsal.Folder {
	embeds := len(p.EmbedFiles) > 0
	into = append(into, rehearsal.Folder{Path: p.Dir, Embeds: embeds})
	for _, name := range p.EmbedFiles {
		dir := rehearsal.Folder{Path: filepath.Join(p.Dir, filepath.Dir(name)), Embeds: true}
		if !slices.Contains(into, dir) {
			into = append(into, dir)
		}
	}
	return into
}

// addModules adds the files that choose the modules of a package.
func (s *sources) addModules(p listed) {
	for m := p.Module; m != nil; m = m.Replace {
		if m.GoMod != "" && !slices.Contains(s.modules, m.GoMod) {
			s.modules = append(s.modules, m.GoMod, strings.TrimSuffix(m.GoMod, ".mod")+".sum")
		}
	}
}

// editedSince reports whether a file of the sources was saved, created or
// deleted at a time or later. Its answer may be true without an edit that
// matters, such as one of a test.
func (s sources) editedSince(since time.Time) (bool, error) {
	for _, path := range s.modules {
		if edited, err := savedSince(path, since); edited || err != nil {
			return edited, err
		}
	}
	for _, folder := range s.folders {
		entries, err := os.ReadDir(folder.Path)
		if err != nil {
			return true, nil // go list reports what is missing
		}
		paths := []string{folder.Path} // its time changes with its entries
		for _, e := range entries {
			paths = append(paths, filepath.Join(folder.Path, e.Name()))
		}
		for _, path := range paths {
			if edited, err := savedSince(path, since); edited || err != nil {
				return edited, err
			}
		}
	}
	return false, nil
}

// savedSince reports whether a file or folder changed at a time or later. A
// missing file does not count: deleting one changes its folder.
func savedSince(path string, since time.Time) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && !info.ModTime().Before(since), err
}

// digestsAfter returns the digests after a compile. A file saved while the
// compiler ran may be in a binary or not, so no zip is recorded for a digest
// that changed meanwhile.
func (b *Builder) digestsAfter(ctx context.Context, source sources) (map[string]string, error) {
	edited, err := source.editedSince(source.listed)
	if err != nil || !edited {
		return source.digests, err
	}
	return b.Digests(ctx)
}

// timedSource is source with the time at which the list began. The caller holds
// the lock.
func (b *Builder) timedSource(ctx context.Context) (sources, error) {
	began, err := b.clock()
	if err != nil {
		return sources{}, err
	}
	s, err := b.source(ctx)
	s.listed = began
	return s, err
}

// clock returns the time of the file system with the source, which may be
// another machine's. The caller holds the lock.
func (b *Builder) clock() (time.Time, error) {
	path := filepath.Join(b.dist(), "clock")
	if err := writeFile(path, nil); err != nil {
		return time.Time{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}, fmt.Errorf("build folder: %w", err)
	}
	return info.ModTime(), nil
}
