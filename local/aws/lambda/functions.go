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

// maxUnzipped is the largest total size of a function's files, in bytes
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxUnzipped = 250 << 20

// ErrNoPermission means that no permission of the function allows the
// invocation.
var ErrNoPermission = errors.New("no permission of the function allows this invocation")

// Logs receives the lines of a function.
type Logs func(group Group, stream, function string, lines ...[]byte)

// Group is the log group of a function. The group may not exist.
type Group struct {
	Name, Region, Account string
	MayCreate             func() bool // reports whether the function's role may create the group
}

// Functions holds the declared functions, which a Runtime runs.
type Functions struct {
	db        *store.Store
	runtime   *Runtime
	authority *iam.Authority
	dir       string            // of the unpacked code
	endpoints map[string]string // AWS_ENDPOINT_URL_* of the functions
	logs      Logs

	mu       sync.Mutex
	issued   map[string]issued    // by function name
	swaps    map[string]*swap     // by function name
	debugged map[string]*Debugger // by function name
	granted  granted
}

// issued is the current version of a function, with the credentials issued to
// it.
type issued struct {
	code    *provider.Archive // from the record; the same pointer means the same record
	id      string
	version Version
}

// NewFunctions returns the functions in db. It unpacks their code below dir.
func NewFunctions(db *store.Store, runtime *Runtime, authority *iam.Authority, dir string, endpoints map[string]string, logs Logs) *Functions {
	return &Functions{db: db, runtime: runtime, authority: authority, dir: dir, endpoints: endpoints, logs: logs, issued: map[string]issued{}, swaps: map[string]*swap{}, debugged: map[string]*Debugger{}}
}

// Types returns the resource types of functions.
func (f *Functions) Types() []provider.Kind { return []provider.Kind{functions(f), permissions(f)} }

// FunctionTypes returns the resource types of functions and permissions.
func FunctionTypes(f *Functions) (*provider.Resource[Function, FunctionOutputs], *provider.Resource[Permission, struct{}]) {
	return functions(f), permissions(f)
}

// Invoke invokes a function for a service, such as apigateway.amazonaws.com,
// that acts for the resource sourceARN. It returns the answer without the log,
// or ErrNoPermission if the function has no permission for the service.
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

// find returns a function by its name or by its ARN, with or without the
// qualifier $LATEST.
func (f *Functions) find(function string) (store.Record[Function], error) {
	r, err := store.Peek[Function](f.db, FunctionToken, nameOf(function))
	if err == nil && function != r.ID && strings.TrimSuffix(function, ":"+latest) != functionARN(r) {
		err = store.ErrNotFound // the ARN has another region or account, or names an alias
	}
	if err != nil {
		return r, fmt.Errorf("function %s: %w", function, err)
	}
	return r, nil
}

// nameOf returns the name of a function given by name or ARN.
func nameOf(function string) string {
	parts, ok := arn.Parse(function)
	if !ok {
		return function
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(parts.Resource, "function:"), ":")
	return name
}

// current returns the version to run. It issues credentials once per version,
// so that invocations can share the version's sandboxes.
func (f *Functions) current(r store.Record[Function]) Version {
	f.mu.Lock()
	defer f.mu.Unlock()
	held, ok := f.issued[r.ID]
	if ok && held.code == r.Inputs.Code {
		return held.version
	}
	id := f.identity(r)
	if ok && held.id == id {
		f.issued[r.ID] = issued{r.Inputs.Code, id, held.version}
		return held.version
	}
	v := f.version(r)
	v.ID, v.Dir = id, f.codeDir(f.running(r))
	v = f.underDebugger(v)
	keys := f.authority.Issue(r.Inputs.Role, r.ID)
	v.Credentials = Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}
	v.Endpoints = f.endpoints
	v.Log = f.logger(r, v.LogGroup)
	f.issued[r.ID] = issued{r.Inputs.Code, id, v}
	return v
}

// logger returns a function that writes lines to the log group if the role
// allows it, as the Lambda service does.
func (f *Functions) logger(r store.Record[Function], group string) func(stream string, lines ...[]byte) {
	caller := iam.Session(r.Inputs.Role, r.ID)
	// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
	mayCreate := func() bool {
		resource := arn.New("logs", r.Region, r.Account, "log-group:"+group)
		return f.authority.Authorize(caller, iam.Request{Action: "logs:CreateLogGroup", Resource: resource}) == nil
	}
	return func(stream string, lines ...[]byte) {
		resource := arn.New("logs", r.Region, r.Account, "log-group:"+group+":log-stream:"+stream)
		// Check each time, because a policy may change while a process runs.
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
	f.deploying(r.ID)
	files, err := r.Inputs.Code.Files(c.Dir)
	if err != nil {
		return fmt.Errorf("code: %w", err)
	}
	sum, size, err := f.unpacked(files)
	if err != nil {
		return err
	}
	r.State["sha256"] = sum
	r.State["size"] = strconv.Itoa(size)
	r.State["modified"] = time.Now().UTC().Format("2006-01-02T15:04:05.000+0000")
	return nil
}

// remove also deletes the permissions: they are part of the function, and
// DeleteFunction deletes them too.
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
	delete(f.swaps, r.ID)
	f.mu.Unlock()
	return nil
}

func (f *Functions) codeDir(sum string) string { return filepath.Join(f.dir, sum) }

// digest returns the hash of the names, modes and contents, and the total size.
// Zips with equal files have the same hash.
func digest(files []provider.File) (sum string, size int) {
	h := sha256.New()
	for _, file := range files {
		fmt.Fprintf(h, "%q %o %d\n", file.Name, file.Mode, len(file.Data))
		h.Write(file.Data)
		size += len(file.Data)
	}
	return hex.EncodeToString(h.Sum(nil)), size
}

// unpacked unpacks the files of a function and returns their hash and size. It
// refuses files that are too large.
func (f *Functions) unpacked(files []provider.File) (sum string, size int, err error) {
	sum, size = digest(files)
	if size > maxUnzipped {
		return "", 0, awserr.New("InvalidParameterValueException", "unzipped size must be smaller than %d bytes, not %d", maxUnzipped, size)
	}
	return sum, size, f.unpack(files, sum)
}

// unpack writes the files if their directory does not exist yet. It renames the
// complete directory, so that no partial directory is visible.
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
		// Lambda's task root is read-only, and the function can read it.
		if err := os.WriteFile(name, file.Data, file.Mode.Perm()|0o444); err != nil {
			return err
		}
	}
	if err := os.Rename(tmp, f.codeDir(sum)); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// Tidy removes the code that no function runs. Call it only at the start:
// later, a request may still use a version that was just replaced.
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
