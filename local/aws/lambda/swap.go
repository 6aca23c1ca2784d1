package lambda

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"skiff/local/store"
)

// swap is code that a function runs instead of the deployed code, until the
// next deployment or the end of this process. The record keeps the deployed
// code. So the engine's next preview shows the change of the source, and its
// next update deploys it.
type swap struct {
	sum      string // of the files
	before   string // sum of the previous swap, whose requests may still run; "" for the deployed code
	deployed bool   // a later deployment reads a zip that is at least as new
}

// Swap makes the functions of a stack run the current contents of their zips.
// prefix is the prefix of the stack's URNs; dir is the base of the program's
// relative paths. Swap returns the program's names of the functions with new
// code, and the zips that belong to no function. Running requests finish with
// the code they started with.
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

// swap makes a function run the current contents of its archive, and reports
// whether the code is new.
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

// running returns the sum of the code that a function runs. The caller holds
// mu.
func (f *Functions) running(r store.Record[Function]) string {
	if s := f.swaps[r.ID]; s != nil {
		return s.sum
	}
	return r.State["sha256"]
}

// forgetVersion makes current compute the version again. The caller holds mu.
func (f *Functions) forgetVersion(id string) {
	if held, ok := f.issued[id]; ok {
		held.code = nil
		f.issued[id] = held
	}
}

// deploying records that a deployment of a function starts to read its code. An
// earlier swap is not newer than that code.
func (f *Functions) deploying(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.swaps[id]; s != nil {
		s.deployed = true
	}
}

// deployed ends an earlier swap and retires the old version. It keeps a swap
// that started during the deployment. Running requests finish with the version
// they started with.
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

// discard removes code that no function runs, so that swaps do not fill the
// disk.
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
