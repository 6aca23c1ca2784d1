package eventbridge

import (
	"context"
	"errors"
	"regexp"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/schedule"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the resource types of this package.
const (
	BusToken    = "aws:cloudwatch/eventBus:EventBus"
	RuleToken   = "aws:cloudwatch/eventRule:EventRule"
	TargetToken = "aws:cloudwatch/eventTarget:EventTarget"
)

// service is the name of EventBridge in permissions and queue policies.
const service = "events.amazonaws.com"

// Functions invokes functions, subject to their permissions.
type Functions interface {
	// SendFor invokes a function asynchronously, with Lambda's retries.
	SendFor(service, sourceARN, function string, payload []byte) error

	// InvokeFor invokes a function and waits for its result.
	InvokeFor(ctx context.Context, service, sourceARN, function string, payload []byte) (lambda.Result, error)
}

// Queues sends messages to queues, subject to their policies.
type Queues interface {
	SendFor(service, sourceARN, account, queueARN, body string, attributes map[string]lambda.MessageAttribute) error
}

// Options configures Rules.
type Options struct {
	Store     *store.Store
	Authority *iam.Authority
	Functions Functions
	Queues    Queues
	Report    func(err error) // is called with delivery failures; may be nil

	// Now and After are the clock. Nil means time.Now and time.After.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Rules holds the declared buses, rules and targets. It is safe for concurrent
// use.
type Rules struct {
	o      Options
	runner *schedule.Runner
}

// New returns the rules in a store. Start runs the scheduled ones.
func New(o Options) *Rules {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	r := &Rules{o: o}
	r.runner = schedule.NewRunner(o.Now, o.After, r.runDue)
	return r
}

// Start runs the scheduled rules from now on, until Close.
func (r *Rules) Start() { r.runner.Start() }

// Close prevents further runs.
func (r *Rules) Close() { r.runner.Close() }

func (r *Rules) report(err error) {
	if r.o.Report != nil {
		r.o.Report(err)
	}
}

// Types returns the resource types of EventBridge.
func (r *Rules) Types() []provider.Kind {
	return []provider.Kind{buses(r), rules(r), targets(r)}
}

// Bus holds the inputs of a custom event bus. Partner buses, dead-letter queues
// of a bus, logs and KMS keys are not supported.
type Bus struct {
	Name        string            `json:"name" aws:"replace"`
	Description string            `json:"description,omitempty" aws:"idle"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// BusOutputs holds the outputs that AWS adds to a bus.
type BusOutputs struct {
	ARN string `json:"arn"`
}

var busForm = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,256}$`)

func buses(r *Rules) *provider.Resource[Bus, BusOutputs] {
	return &provider.Resource[Bus, BusOutputs]{
		Token: BusToken, Named: "name", MaxName: 256, Regional: true,
		Check:    checkBus,
		ID:       func(_ provider.Call, in Bus) string { return in.Name },
		Delete:   r.deleteBus,
		Actions:  busActions,
		Describe: func(b store.Record[Bus]) BusOutputs { return BusOutputs{busARN(b.Region, b.Account, b.Inputs.Name)} },
	}
}

// checkBus reports what
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
// rejects.
func checkBus(in Bus) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && (!busForm.MatchString(in.Name) || in.Name == defaultBus) {
		problems.Add("name", "%q must be 1 to 256 letters, digits and .-_, and not default, which every account has", in.Name)
	}
	problems.MaxCharacters("description", in.Description, 512)
	return problems
}

// deleteBus refuses to delete a bus with rules, as AWS does.
func (r *Rules) deleteBus(_ context.Context, _ provider.Call, b store.Record[Bus]) error {
	all, err := store.List[Rule](r.o.Store, RuleToken)
	if err != nil {
		return err
	}
	for _, rule := range all {
		if rule.Account == b.Account && rule.Region == b.Region && busOf(rule.Inputs.EventBusName) == b.Inputs.Name {
			return awserr.New("ValidationException", "the bus %s cannot be deleted: it has the rule %s", b.Inputs.Name, rule.Inputs.Name)
		}
	}
	return nil
}

// defaultBus is the bus that every account has.
const defaultBus = "default"

func busOf(name string) string {
	if name == "" {
		return defaultBus
	}
	return name
}

func busARN(region, account, name string) string {
	return arn.New("events", region, account, "event-bus/"+name)
}

// hasBus returns an error if an account does not have a bus.
func (r *Rules) hasBus(region, account, name string) error {
	if name == defaultBus {
		return nil
	}
	_, err := store.Get[Bus](r.o.Store, BusToken, account+"/"+region+"/"+name)
	if errors.Is(err, store.ErrNotFound) {
		return awserr.New("ResourceNotFoundException", "Event bus %s does not exist: %w", name, err)
	}
	return err
}
