package lambda

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"skiff/local/store"
)

// A swap is code that a function runs in place of the deployed one, until the next
// deployment or the end of this process. The record keeps the deployed code: to
// the engine nothing has changed, so its next preview shows the change of the
// source, and its next update deploys it.
type swap struct {
	sum      string // of the files
	before   string // what the function ran before, whose requests may still run; "" for what is deployed
	deployed bool   // a deployment has begun since, of a zip that is no older
}

// Swap has the functions of a stack run what is in their zips now. The prefix is
// that of the stack's URNs, dir the folder where relative paths of its program
// begin. It returns the names, in the program, of those whose code is another than
// before, and the zips that are no function's. Requests that run finish on the
// code they began with.
func (f *Functions) Swap(prefix, dir string, zips []string) (swapped, unknown []string, err error) {
	all, err := store.List[Function](f.db, FunctionToken)
	if err != nil {
		return nil, nil, err
	}
	for _, zip := range zips {
		known := false
		for _, r := range all {
			if !strings.HasPrefix(r.URN, prefix) || r.Inputs.Code == nil || locate(dir, r.Inputs.Code.Path) != zip {
				continue
			}
			known = true
			changed, failed := f.swap(r, dir)
			if failed != nil {
				err = errors.Join(err, fmt.Errorf("new code of function %s: %w", r.ID, failed))
			}
			if changed {
				swapped = append(swapped, r.URN[strings.LastIndex(r.URN, "::")+2:])
			}
		}
		if !known {
			unknown = append(unknown, zip)
		}
	}
	return swapped, unknown, err
}

func locate(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// swap has one function run what is in its archive now, and reports whether that
// is another code than before.
func (f *Functions) swap(r store.Record[Function], dir string) (changed bool, err error) {
	files, err := r.Inputs.Code.Files(dir)
	if err != nil {
		return false, err
	}
	sum, _, err := f.unpacked(files)
	if err != nil {
		return false, err
	}
	f.mu.Lock()
	running := f.running(r)
	if running == sum {
		f.mu.Unlock()
		return false, nil
	}
	old := f.swaps[r.ID]
	f.swaps[r.ID] = &swap{sum: sum}
	if old != nil {
		f.swaps[r.ID].before = old.sum
	}
	f.forgetVersion(r.ID)
	keep := f.identity(r)
	f.mu.Unlock()
	f.runtime.Retire(r.ID, keep)
	if old != nil {
		err = f.discard(old.before)
	}
	return true, err
}

// running is the sum of the code that a function runs. The caller holds mu.
func (f *Functions) running(r store.Record[Function]) string {
	if s := f.swaps[r.ID]; s != nil {
		return s.sum
	}
	return r.State["sha256"]
}

// forgetVersion has current look at the function again. The caller holds mu.
func (f *Functions) forgetVersion(id string) {
	if held, ok := f.issued[id]; ok {
		held.code = nil
		f.issued[id] = held
	}
}

// deploying notes that a deployment of a function begins to read its code. What
// was swapped until now is no newer than that.
func (f *Functions) deploying(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.swaps[id]; s != nil {
		s.deployed = true
	}
}

// deployed ends what a deployment has made old, unless newer code was swapped in
// while it ran. Requests that run finish on the version they began with.
func (f *Functions) deployed(r store.Record[Function]) {
	f.mu.Lock()
	if s := f.swaps[r.ID]; s != nil && s.deployed {
		delete(f.swaps, r.ID)
	}
	f.forgetVersion(r.ID)
	keep := f.identity(r)
	f.mu.Unlock()
	f.runtime.Retire(r.ID, keep)
}

// discard removes code that no function runs any more: a day's swaps would fill
// the disk.
func (f *Functions) discard(sum string) error {
	if sum == "" {
		return nil
	}
	all, err := store.List[Function](f.db, FunctionToken)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range all {
		if s := f.swaps[r.ID]; r.State["sha256"] == sum || s != nil && (s.sum == sum || s.before == sum) {
			return nil
		}
	}
	return os.RemoveAll(f.codeDir(sum))
}
