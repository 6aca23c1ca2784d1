package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
	"skiff/local/process/lines"
	"skiff/local/store"
)

// Token is the resource type of a log group.
const Token = "aws:cloudwatch/logGroup:LogGroup"

// Group holds the inputs of a log group.
type Group struct {
	Name            string            `json:"name" aws:"replace"`
	RetentionInDays int               `json:"retentionInDays,omitempty" aws:"idle"`
	LogGroupClass   string            `json:"logGroupClass,omitempty" aws:"replace,computed,idle"`
	SkipDestroy     bool              `json:"skipDestroy,omitempty"`
	Tags            map[string]string `json:"tags,omitempty"`
}

// Outputs holds the properties that AWS adds to a log group, including
// defaults.
type Outputs struct {
	ARN             string `json:"arn"`
	LogGroupClass   string `json:"logGroupClass"`
	RetentionInDays int    `json:"retentionInDays"`
}

// Groups stores the log lines. It is safe for concurrent use.
type Groups struct {
	db     *store.Store
	dir    string
	writer *lines.Writer

	creating sync.Mutex // serializes Create

	mu      sync.Mutex // guards the files, open and readers
	open    map[string]*openFile
	readers []chan struct{} // notified after each write; capacity 1
}

// New returns Groups that reads the log groups from db and writes lines below
// dir.
func New(db *store.Store, dir string) *Groups {
	g := &Groups{db: db, dir: dir, open: map[string]*openFile{}}
	g.writer = lines.New(gathering, g.appendLines)
	return g
}

// Types returns the resource types of CloudWatch Logs.
func (g *Groups) Types() []provider.Kind { return []provider.Kind{resourceType(g)} }

// resourceType returns the resource type of log groups.
func resourceType(g *Groups) *provider.Resource[Group, Outputs] {
	return &provider.Resource[Group, Outputs]{
		Token: Token, Named: "name", MaxName: 512,
		Check:   check,
		ID:      func(_ provider.Call, in Group) string { return in.Name },
		Delete:  g.delete,
		Actions: groupActions,
		Describe: func(r store.Record[Group]) Outputs {
			class := r.Inputs.LogGroupClass
			if class == "" {
				class = "STANDARD"
			}
			return Outputs{ARN: ARN(r.Region, r.Account, r.ID), LogGroupClass: class, RetentionInDays: r.Inputs.RetentionInDays}
		},
	}
}

// ARN returns the ARN of a log group in the form of the AWS provider: without
// the suffix ":*", which would include the log streams.
func ARN(region, account, name string) string {
	return arn.New("logs", region, account, "log-group:"+name)
}

var nameForm = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

// retentions returns the numbers of days that
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
// allows. 0 means that lines do not expire.
func retentions() []int {
	return []int{0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
}

func check(in Group) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && !nameForm.MatchString(in.Name) {
		problems.Add("name", "%q must be 1 to 512 letters, digits and ._-/#", in.Name)
	}
	if !slices.Contains(retentions(), in.RetentionInDays) {
		problems.Add("retentionInDays", "%d is none of %v", in.RetentionInDays, retentions())
	}
	problems.OneOf("logGroupClass", in.LogGroupClass, "STANDARD", "INFREQUENT_ACCESS")
	return problems
}

func (g *Groups) delete(_ context.Context, _ provider.Call, r store.Record[Group]) error {
	if r.Inputs.SkipDestroy {
		return nil
	}
	errs := []error{g.Flush()} // a later write of pending lines would create the file again
	g.mu.Lock()
	defer g.mu.Unlock()
	errs = append(errs, g.close(g.File(r.ID)))
	for _, name := range files(g.File(r.ID)) {
		if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// File returns the name of the file with the newest lines of a group.
func (g *Groups) File(name string) string {
	return filepath.Join(g.dir, filepath.FromSlash(filepath.Clean("/"+name)+".log"))
}

// Create creates a group that no program declares, as AWS services do. Its
// lines do not expire, and destroying a stack does not delete it. Create does
// not change an existing group.
func (g *Groups) Create(name, region, account string) error {
	g.creating.Lock()
	defer g.creating.Unlock()
	if _, err := store.Peek[Group](g.db, Token, name); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return store.Put(g.db, Token, name, store.Record[Group]{ID: name, Region: region, Account: account, Created: time.Now(), Inputs: Group{Name: name}})
}

// timeForm is the time format of a line.
const timeForm = "2006-01-02T15:04:05.000Z"

// gathering is how long a line waits so that it can be written together with
// others: a request writes about six. CloudWatch Logs also shows a line only
// after a delay.
const gathering = 5 * time.Millisecond

// Write appends lines to a group, each with its time and stream. The lines are
// in the file after a short delay; see gathering. Write fails if the group does
// not exist: on AWS, a role without the right to create a log group gets an
// error too.
func (g *Groups) Write(group, stream string, all ...[]byte) error {
	if _, err := store.Peek[Group](g.db, Token, group); err != nil {
		return fmt.Errorf("log group %s: %w", group, err)
	}
	began := time.Now().UTC().AppendFormat(nil, timeForm+" ")
	began = append(append(began, stream...), ' ')
	return g.writer.Add(g.File(group), func(pending []byte) []byte {
		for _, line := range all {
			pending = append(append(append(pending, began...), line...), '\n')
		}
		return pending
	})
}

// Flush returns when all lines are in their files.
func (g *Groups) Flush() error { return g.writer.Flush() }

// Close writes the pending lines and closes the files. A later Write opens its
// file again.
func (g *Groups) Close() error {
	errs := []error{g.Flush()}
	g.mu.Lock()
	defer g.mu.Unlock()
	for name := range g.open {
		errs = append(errs, g.close(name))
	}
	return errors.Join(errs...)
}
