package eventbridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Target holds the inputs of a target of a rule: a Lambda function or a
// standard queue. Other targets and roles are not supported.
type Target struct {
	ARN              string       `json:"arn" aws:"required"`
	Rule             string       `json:"rule" aws:"required,replace"`
	TargetID         string       `json:"targetId,omitempty" aws:"replace,computed"`
	EventBusName     string       `json:"eventBusName,omitempty" aws:"replace,default=default"`
	DeadLetterConfig *DeadLetters `json:"deadLetterConfig,omitempty"`
	ForceDestroy     bool         `json:"forceDestroy,omitempty" aws:"default=false,idle"`
	Input            string       `json:"input,omitempty"`
	InputPath        string       `json:"inputPath,omitempty"`
	InputTransformer *Transformer `json:"inputTransformer,omitempty"`
	RetryPolicy      *RetryPolicy `json:"retryPolicy,omitempty" aws:"idle"`
}

// DeadLetters is the queue for events that a target refuses.
type DeadLetters struct {
	ARN string `json:"arn,omitempty"`
}

// RetryPolicy applies to temporary failures of a target. It has no effect here,
// because targets here fail permanently or not at all.
type RetryPolicy struct {
	MaximumEventAgeInSeconds *int `json:"maximumEventAgeInSeconds,omitempty"`
	MaximumRetryAttempts     *int `json:"maximumRetryAttempts,omitempty"`
}

// TargetOutputs holds the outputs that AWS adds to a target.
type TargetOutputs struct {
	TargetID string `json:"targetId"`
}

// maxTargets limits the targets of a rule
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html).
const maxTargets = 5

func targets(r *Rules) *provider.Resource[Target, TargetOutputs] {
	put := func(t *store.Record[Target]) error { return r.checkPlace(*t) }
	return &provider.Resource[Target, TargetOutputs]{
		Token: TargetToken, Regional: true, Exclusive: true,
		Check: checkTarget,
		ID:    targetRecordID,
		Create: func(_ context.Context, c provider.Call, t *store.Record[Target]) error {
			t.State["targetId"] = targetID(c, t.Inputs)
			return put(t)
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[Target], t *store.Record[Target]) error {
			return put(t)
		},
		Actions:  targetActions,
		Describe: func(t store.Record[Target]) TargetOutputs { return TargetOutputs{t.State["targetId"]} },
	}
}

// targetID returns the program's id, or one derived from the URN. The AWS
// provider generates a random id.
func targetID(c provider.Call, in Target) string {
	if in.TargetID != "" {
		return in.TargetID
	}
	sum := sha256.Sum256([]byte(c.URN))
	return "terraform-" + hex.EncodeToString(sum[:13])
}

// targetRecordID returns the AWS provider's id, BUS-RULE-TARGET, without the
// bus if that is the default one.
func targetRecordID(c provider.Call, in Target) string {
	id := in.Rule + "-" + targetID(c, in)
	if bus := busOf(in.EventBusName); bus != defaultBus {
		id = bus + "-" + id
	}
	return id
}

var (
	targetForm = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)
)

// checkTarget reports what
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
// rejects.
func checkTarget(in Target) []provider.Problem {
	var problems provider.Problems
	if in.ARN != "" && !arn.IsFunction(in.ARN) && !arn.IsQueue(in.ARN) {
		problems.Add("arn", "%q is not the ARN of a Lambda function or a standard queue, the targets that the local cloud supports", in.ARN)
	}
	if in.TargetID != "" && !targetForm.MatchString(in.TargetID) {
		problems.Add("targetId", "%q must be 1 to 64 letters, digits and .-_", in.TargetID)
	}
	if in.Rule != "" && !ruleForm.MatchString(in.Rule) {
		problems.Add("rule", "%q is not the name of a rule", in.Rule)
	}
	if in.EventBusName != "" && !busForm.MatchString(in.EventBusName) {
		problems.Add("eventBusName", "%q is not the name of a bus", in.EventBusName)
	}
	if d := in.DeadLetterConfig; d != nil && d.ARN != "" && !arn.IsQueue(d.ARN) {
		problems.Add("deadLetterConfig.arn", "%q is not the ARN of a standard queue", d.ARN)
	}
	if p := in.RetryPolicy; p != nil {
		if n := p.MaximumEventAgeInSeconds; n != nil && (*n < 60 || *n > 86400) {
			problems.Add("retryPolicy.maximumEventAgeInSeconds", "%d is not within 60 to 86400", *n)
		}
		if n := p.MaximumRetryAttempts; n != nil && (*n < 0 || *n > 185) {
			problems.Add("retryPolicy.maximumRetryAttempts", "%d is not within 0 to 185", *n)
		}
	}
	return append(problems, checkInput(in)...)
}

// checkInput reports an invalid input
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
func checkInput(in Target) []provider.Problem {
	var problems provider.Problems
	given := 0
	for _, is := range []bool{in.Input != "", in.InputPath != "", in.InputTransformer != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		problems.Add("input", "cannot be combined with inputPath or inputTransformer: set one of the three")
	}
	if in.Input != "" && (!json.Valid([]byte(in.Input)) || len(in.Input) > 8192) {
		problems.Add("input", "is not JSON of at most 8192 characters")
	}
	if in.InputPath != "" && (!pathForm.MatchString(in.InputPath) || len(in.InputPath) > 256) {
		problems.Add("inputPath", "%q is not a path such as $.detail.id, of at most 256 characters", in.InputPath)
	}
	if t := in.InputTransformer; t != nil {
		for property, err := range t.problems() {
			problems.Add("inputTransformer."+property, "%v", err)
		}
	}
	return problems
}

// checkPlace refuses a target without a rule, and one above the limit.
func (r *Rules) checkPlace(t store.Record[Target]) error {
	rule, err := store.Get[Rule](r.o.Store, RuleToken, t.Account+"/"+t.Region+"/"+ruleID(t.Inputs.EventBusName, t.Inputs.Rule))
	if errors.Is(err, store.ErrNotFound) {
		return awserr.New("ResourceNotFoundException", "Rule %s does not exist on EventBus %s: %w", t.Inputs.Rule, busOf(t.Inputs.EventBusName), err)
	}
	if err != nil {
		return err
	}
	held, err := r.targetsOf(rule)
	if err != nil {
		return err
	}
	others := 0
	for _, h := range held {
		if h.ID != t.ID {
			others++
		}
	}
	if others >= maxTargets {
		return awserr.New("LimitExceededException", "The requested resource exceeds the maximum number allowed: the rule %s has %d targets", t.Inputs.Rule, others)
	}
	return nil
}

func (r *Rules) targetsOf(rule store.Record[Rule]) ([]store.Record[Target], error) {
	all, err := store.List[Target](r.o.Store, TargetToken)
	var held []store.Record[Target]
	for _, t := range all {
		if t.Account == rule.Account && t.Region == rule.Region && t.Inputs.Rule == rule.Inputs.Name && busOf(t.Inputs.EventBusName) == busOf(rule.Inputs.EventBusName) {
			held = append(held, t)
		}
	}
	return held, err
}
