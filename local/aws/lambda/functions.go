package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// maxUnzipped is the size of a function's files together, in bytes
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxUnzipped = 250 << 20

// ErrNoPermission is returned for an invocation that no permission of the
// function allows.
var ErrNoPermission = errors.New("no permission of the function allows this invocation")

// Logs takes the lines of a function.
type Logs func(group Group, stream, function string, lines ...[]byte)

// Group is the log group of a function, which need not be there.
type Group struct {
	Name, Region, Account string
	MayCreate             func() bool // the role of the function may
}

// Functions are the declared functions, run by a Runtime.
type Functions struct {
	db        *store.Store
	runtime   *Runtime
	authority *iam.Authority
	dir       string            // of the unpacked code
	endpoints map[string]string // AWS_ENDPOINT_URL_* of the functions
	logs      Logs

	mu      sync.Mutex
	issued  map[string]issued // by function name
	granted granted
}

// issued is the version of a function that runs, with the keys it signs with.
type issued struct {
	code    *provider.Archive // of the record: as long as it is the same one, so is the record
	id      string
	version Version
}

// NewFunctions runs the functions in db, with their code unpacked below dir.
func NewFunctions(db *store.Store, runtime *Runtime, authority *iam.Authority, dir string, endpoints map[string]string, logs Logs) *Functions {
	return &Functions{db: db, runtime: runtime, authority: authority, dir: dir, endpoints: endpoints, logs: logs, issued: map[string]issued{}}
}

// Types are the resource types of functions.
func (f *Functions) Types() []provider.Kind { return []provider.Kind{f.functions(), f.permissions()} }

// Resources are the resource types of this package.
func (f *Functions) Resources() (*provider.Resource[Function, FunctionOutputs], *provider.Resource[Permission, struct{}]) {
	return f.functions(), f.permissions()
}

// Invoke runs a function for a service, such as apigateway.amazonaws.com, that
// acts for the resource sourceARN, and returns its answer without its log. A
// function without a permission for it is ErrNoPermission.
func (f *Functions) Invoke(ctx context.Context, function, service, sourceARN string, payload []byte) (Result, error) {
	r, err := f.find(function)
	if err != nil {
		return Result{}, err
	}
	if err := f.permitted(r, service, sourceARN); err != nil {
		return Result{}, err
	}
	return f.runtime.Answer(originated(ctx, originOfService(service, sourceARN)), f.current(r), payload)
}

// find takes an ARN, with or without a qualifier, or a name.
func (f *Functions) find(function string) (store.Record[Function], error) {
	r, err := store.Peek[Function](f.db, FunctionToken, nameOf(function))
	if err == nil && function != r.ID && strings.TrimSuffix(function, ":"+latest) != functionARN(r) {
		err = store.ErrNotFound // of another region or account, or an alias
	}
	if err != nil {
		return r, fmt.Errorf("function %s: %w", function, err)
	}
	return r, nil
}

// nameOf is the name in an ARN of a function, or the name itself.
func nameOf(function string) string {
	parts, ok := arn.Parse(function)
	if !ok {
		return function
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(parts.Resource, "function:"), ":")
	return name
}

// current is the version to run now. Keys are issued once per version, so that
// its sandboxes are shared.
func (f *Functions) current(r store.Record[Function]) Version {
	f.mu.Lock()
	defer f.mu.Unlock()
	held, ok := f.issued[r.ID]
	if ok && held.code == r.Inputs.Code {
		return held.version
	}
	id := versionID(r)
	if ok && held.id == id {
		f.issued[r.ID] = issued{r.Inputs.Code, id, held.version}
		return held.version
	}
	v := f.version(r)
	v.ID = id
	keys := f.authority.Issue(r.Inputs.Role, r.ID)
	v.Credentials = Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}
	v.Endpoints = f.endpoints
	v.Log = f.logger(r, v.LogGroup)
	f.issued[r.ID] = issued{r.Inputs.Code, id, v}
	return v
}

// logger writes lines to the group of a function if its role may, as the
// Lambda service does with the role's rights.
func (f *Functions) logger(r store.Record[Function], group string) func(stream string, lines ...[]byte) {
	caller := iam.Session(r.Inputs.Role, r.ID)
	// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
	mayCreate := func() bool {
		resource := arn.New("logs", r.Region, r.Account, "log-group:"+group)
		return f.authority.Authorize(caller, iam.Request{Action: "logs:CreateLogGroup", Resource: resource}) == nil
	}
	return func(stream string, lines ...[]byte) {
		resource := arn.New("logs", r.Region, r.Account, "log-group:"+group+":log-stream:"+stream)
		// Asked each time: a policy may change while a process lives.
		for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
			if f.authority.Authorize(caller, iam.Request{Action: action, Resource: resource}) != nil {
				return
			}
		}
		f.logs(Group{group, r.Region, r.Account, mayCreate}, stream, r.ID, lines...)
	}
}

// deploy unpacks the code and checks the role, as CreateFunction does.
func (f *Functions) deploy(c provider.Call, r *store.Record[Function]) error {
	context := map[string][]string{"aws:SourceAccount": {r.Account}, "aws:SourceArn": {functionARN(*r)}}
	if err := f.authority.CheckTrust(r.Inputs.Role, "lambda.amazonaws.com", context); err != nil {
		return awserr.New("InvalidParameterValueException", "%w", err)
	}
	if r.Inputs.Code == nil {
		return awserr.New("InvalidParameterValueException", "there is no code")
	}
	files, err := r.Inputs.Code.Files(c.Dir)
	if err != nil {
		return fmt.Errorf("code: %w", err)
	}
	sum, size := digest(files)
	if size > maxUnzipped {
		return awserr.New("InvalidParameterValueException", "unzipped size must be smaller than %d bytes, not %d", maxUnzipped, size)
	}
	if err := f.unpack(files, sum); err != nil {
		return err
	}
	r.State["sha256"] = sum
	r.State["size"] = strconv.Itoa(size)
	r.State["modified"] = time.Now().UTC().Format("2006-01-02T15:04:05.000+0000")
	return nil
}

// remove takes along the permissions, which are part of the function, as
// DeleteFunction does.
func (f *Functions) remove(_ context.Context, _ provider.Call, r store.Record[Function]) error {
	all, err := store.List[Permission](f.db, PermissionToken)
	if err != nil {
		return err
	}
	for _, p := range all {
		if nameOf(p.Inputs.Function) != r.ID {
			continue
		}
		if err := store.Delete(f.db, PermissionToken, permissionKey(p.ID, p.Inputs)); err != nil {
			return err
		}
	}
	f.runtime.Retire(r.ID, "")
	f.mu.Lock()
	if held, ok := f.issued[r.ID]; ok {
		f.authority.Revoke(held.version.Credentials.AccessKeyID)
		delete(f.issued, r.ID)
	}
	f.mu.Unlock()
	return nil
}

func (f *Functions) codeDir(sum string) string { return filepath.Join(f.dir, sum) }

// digest is over names, modes and contents: two zips with equal files are one
// deployment.
func digest(files []provider.File) (sum string, size int) {
	h := sha256.New()
	for _, file := range files {
		fmt.Fprintf(h, "%q %o %d\n", file.Name, file.Mode, len(file.Data))
		h.Write(file.Data)
		size += len(file.Data)
	}
	return hex.EncodeToString(h.Sum(nil)), size
}

// unpack writes the files once; the folder appears whole or not at all.
func (f *Functions) unpack(files []provider.File, sum string) error {
	if _, err := os.Stat(f.codeDir(sum)); err == nil {
		return nil
	}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(f.dir, "unpack-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for _, file := range files {
		name := filepath.Join(tmp, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		// Lambda's task root is read-only, and readable to the function.
		if err := os.WriteFile(name, file.Data, file.Mode.Perm()|0o444); err != nil {
			return err
		}
	}
	if err := os.Rename(tmp, f.codeDir(sum)); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// Tidy removes the code that no function runs. It is for a start: later, a
// request may still be on its way to a version that was just replaced.
func (f *Functions) Tidy() error {
	all, err := store.List[Function](f.db, FunctionToken)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, r := range all {
		keep[r.State["sha256"]] = true
	}
	entries, err := os.ReadDir(f.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if !keep[e.Name()] {
			err = errors.Join(err, os.RemoveAll(f.codeDir(e.Name())))
		}
	}
	return err
}
