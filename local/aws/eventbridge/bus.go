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

// service is the name by which permissions and policies of queues know EventBridge.
const service = "events.amazonaws.com"

// Functions is what a rule asks of Lambda, by the permissions of the function.
type Functions interface {
	// SendFor has a function run later, as often as Lambda tries it.
	SendFor(service, sourceARN, function string, payload []byte) error

	// InvokeFor runs a function to its end.
	InvokeFor(ctx context.Context, service, sourceARN, function string, payload []byte) (lambda.Result, error)
}

// Queues is what a rule asks of SQS, by the policy of the queue.
type Queues interface {
	SendFor(service, sourceARN, account, queueARN, body string, attributes map[string]lambda.MessageAttribute) error
}

// Options are what the rules work with.
type Options struct {
	Store     *store.Store
	Authority *iam.Authority
	Functions Functions
	Queues    Queues
	Report    func(err error) // what does not reach a target; may be nil

	// Now and After are the clock; nil for the real one.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Rules are the declared buses, rules and targets. They are safe for concurrent
// use.
type Rules struct {
	o      Options
	runner *schedule.Runner
}

// New holds the rules of a store. Start runs those with a schedule.
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

// Start runs the rules with a schedule from now on, until Close.
func (r *Rules) Start() { r.runner.Start() }

// Close starts no more runs.
func (r *Rules) Close() { r.runner.Close() }

func (r *Rules) report(err error) {
	if r.o.Report != nil {
		r.o.Report(err)
	}
}

// Types are the resource types of this package, for a provider to serve.
func (r *Rules) Types() []provider.Kind {
	return []provider.Kind{r.buses(), r.rules(), r.targets()}
}

// Bus is the inputs of a custom event bus. Partner buses, dead letters of a bus,
// logs and keys of KMS are left out.
type Bus struct {
	Name        string            `json:"name" aws:"replace"`
	Description string            `json:"description,omitempty" aws:"idle"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// BusOutputs is what AWS adds to a bus.
type BusOutputs struct {
	ARN string `json:"arn"`
}

var busForm = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,256}$`)

func (r *Rules) buses() *provider.Resource[Bus, BusOutputs] {
	return &provider.Resource[Bus, BusOutputs]{
		Token: BusToken, Named: "name", MaxName: 256, Regional: true,
		Check:    checkBus,
		ID:       func(_ provider.Call, in Bus) string { return in.Name },
		Delete:   r.deleteBus,
		Actions:  busActions,
		Describe: func(b store.Record[Bus]) BusOutputs { return BusOutputs{busARN(b.Region, b.Account, b.Inputs.Name)} },
	}
}

// checkBus refuses what
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
// does.
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

// hasBus is an error where an account does not have a bus.
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
