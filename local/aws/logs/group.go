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

// Token is the resource type of this package.
const Token = "aws:cloudwatch/logGroup:LogGroup"

// Group is the inputs of a log group.
type Group struct {
	Name            string            `json:"name" aws:"replace"`
	RetentionInDays int               `json:"retentionInDays,omitempty" aws:"idle"`
	LogGroupClass   string            `json:"logGroupClass,omitempty" aws:"replace,computed,idle"`
	SkipDestroy     bool              `json:"skipDestroy,omitempty"`
	Tags            map[string]string `json:"tags,omitempty"`
}

// Outputs is what AWS adds to a log group, its defaults included.
type Outputs struct {
	ARN             string `json:"arn"`
	LogGroupClass   string `json:"logGroupClass"`
	RetentionInDays int    `json:"retentionInDays"`
}

// Groups keeps the lines. It is safe for concurrent use.
type Groups struct {
	db     *store.Store
	dir    string
	writer *lines.Writer

	creating sync.Mutex // of groups that no program declares

	mu      sync.Mutex // of the files
	open    map[string]*openFile
	readers []chan struct{} // hear of lines that are in a file, each with room for one
}

// New keeps the lines of the log groups in db below dir.
func New(db *store.Store, dir string) *Groups {
	g := &Groups{db: db, dir: dir, open: map[string]*openFile{}}
	g.writer = lines.New(gathering, g.appendLines)
	return g
}

// Types are the resource types of CloudWatch Logs.
func (g *Groups) Types() []provider.Kind { return []provider.Kind{g.Resources()} }

// Resources are the resource types of this package.
func (g *Groups) Resources() *provider.Resource[Group, Outputs] {
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

// ARN is the ARN of a log group as the AWS provider tells it: without the
// ":*" that stands for its streams.
func ARN(region, account, name string) string {
	return arn.New("logs", region, account, "log-group:"+name)
}

var nameForm = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

// retentions are the days that
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
// allows; 0 keeps the lines for ever.
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
	errs := []error{g.Flush()} // else lines that are on their way make the file again
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

// File is where the newest lines of a group are kept.
func (g *Groups) File(name string) string {
	return filepath.Join(g.dir, filepath.FromSlash(filepath.Clean("/"+name)+".log"))
}

// Create makes a group that no program declares, as a service does: it keeps its
// lines for ever, and no stack that is destroyed takes it along. One that is there
// already stays as it is.
func (g *Groups) Create(name, region, account string) error {
	g.creating.Lock()
	defer g.creating.Unlock()
	if _, err := store.Peek[Group](g.db, Token, name); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return store.Put(g.db, Token, name, store.Record[Group]{ID: name, Region: region, Account: account, Created: time.Now(), Inputs: Group{Name: name}})
}

// timeForm is how the time of a line is written.
const timeForm = "2006-01-02T15:04:05.000Z"

// gathering is how long a line waits for others that are written with it: a
// request writes half a dozen. CloudWatch Logs does not have a line at once either.
const gathering = 5 * time.Millisecond

// Write appends lines to a group, each with its time and stream. They are in its
// file soon after. A group that is not declared takes none, as on AWS for a role
// that may not create it.
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

// Close writes what is left and closes the files; lines that come later open
// theirs again.
func (g *Groups) Close() error {
	errs := []error{g.Flush()}
	g.mu.Lock()
	defer g.mu.Unlock()
	for name := range g.open {
		errs = append(errs, g.close(name))
	}
	return errors.Join(errs...)
}
