package eventbridge

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/eventpattern"
	"skiff/local/aws/schedule"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Rule holds the inputs of a rule. Its role is not supported, because no target
// here needs one. A rule names its bus by name, not by ARN.
type Rule struct {
	Name               string            `json:"name" aws:"replace"`
	Description        string            `json:"description,omitempty" aws:"idle"`
	EventBusName       string            `json:"eventBusName,omitempty" aws:"replace,default=default"`
	EventPattern       string            `json:"eventPattern,omitempty"`
	ForceDestroy       bool              `json:"forceDestroy,omitempty" aws:"default=false,idle"`
	IsEnabled          *bool             `json:"isEnabled,omitempty"`
	ScheduleExpression string            `json:"scheduleExpression,omitempty"`
	State              string            `json:"state,omitempty"`
	Tags               map[string]string `json:"tags,omitempty"`
}

// RuleOutputs holds the outputs and defaults that AWS adds to a rule.
type RuleOutputs struct {
	ARN        string `json:"arn"`
	IsEnabled  bool   `json:"isEnabled"`
	NamePrefix string `json:"namePrefix"`
	State      string `json:"state"`
}

// The states of a rule.
const (
	enabled  = "ENABLED"
	disabled = "DISABLED"
	trails   = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" // same as ENABLED: there is no CloudTrail here
)

func (in Rule) state() string {
	switch {
	case in.State != "":
		return in.State
	case in.IsEnabled != nil && !*in.IsEnabled:
		return disabled
	}
	return enabled
}

func rules(r *Rules) *provider.Resource[Rule, RuleOutputs] {
	return &provider.Resource[Rule, RuleOutputs]{
		Token: RuleToken, Named: "name", MaxName: 64, Regional: true,
		Check: checkRule,
		ID:    func(_ provider.Call, in Rule) string { return ruleID(in.EventBusName, in.Name) },
		Create: func(_ context.Context, _ provider.Call, rule *store.Record[Rule]) error {
			rule.State["begun"] = r.o.Now().UTC().Format(time.RFC3339Nano)
			return r.checkComplete(*rule)
		},
		Update: func(_ context.Context, _ provider.Call, old store.Record[Rule], rule *store.Record[Rule]) error {
			if old.Inputs.ScheduleExpression != rule.Inputs.ScheduleExpression || old.Inputs.state() != rule.Inputs.state() {
				rule.State["begun"] = r.o.Now().UTC().Format(time.RFC3339Nano)
			}
			return r.checkComplete(*rule)
		},
		Updated: func(store.Record[Rule]) { r.runner.Wake() },
		Delete:  r.deleteRule,
		Actions: ruleActions,
		Describe: func(rule store.Record[Rule]) RuleOutputs {
			return RuleOutputs{ARN: ruleARN(rule), IsEnabled: rule.Inputs.state() != disabled, State: rule.Inputs.state()}
		},
	}
}

// ruleID returns the name of a rule, after the name of its bus if that is a
// custom one.
func ruleID(bus, name string) string {
	if busOf(bus) == defaultBus {
		return name
	}
	return bus + "/" + name
}

func ruleARN(r store.Record[Rule]) string {
	return arn.New("events", r.Region, r.Account, "rule/"+ruleID(r.Inputs.EventBusName, r.Inputs.Name))
}

// maxPattern is the default quota, which AWS raises on request
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html).
const maxPattern = 2048

var ruleForm = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

// checkRule reports what
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
// rejects.
func checkRule(in Rule) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && !ruleForm.MatchString(in.Name) {
		problems.Add("name", "%q must be 1 to 64 letters, digits and .-_", in.Name)
	}
	problems.MaxCharacters("description", in.Description, 512)
	if in.EventBusName != "" && !busForm.MatchString(in.EventBusName) {
		problems.Add("eventBusName", "%q is not the name of a bus", in.EventBusName)
	}
	if n := utf8.RuneCountInString(in.EventPattern); n > maxPattern {
		problems.Add("eventPattern", "has %d characters; a rule has at most %d, and up to 4096 in an account whose quota AWS has raised", n, maxPattern)
	} else if in.EventPattern != "" {
		if _, err := eventpattern.Parse(in.EventPattern); err != nil {
			problems.Add("eventPattern", "Event pattern is not valid. Reason: %v", err)
		}
	}
	if in.ScheduleExpression != "" {
		if _, err := parseSchedule(in.ScheduleExpression); err != nil {
			problems.Add("scheduleExpression", "Parameter ScheduleExpression is not valid: %v", err)
		}
		if busOf(in.EventBusName) != defaultBus {
			problems.Add("scheduleExpression", "ScheduleExpression is supported only on the default event bus")
		}
	}
	switch s := in.State; {
	case s != "" && s != enabled && s != disabled && s != trails:
		problems.Add("state", "%q is not %s, %s or %s", s, enabled, disabled, trails)
	case s != "" && in.IsEnabled != nil:
		problems.Add("isEnabled", "cannot be combined with state: set one of the two")
	}
	return problems
}

var rateForm = regexp.MustCompile(`^rate\((\d+) (minute|hour|day)(s?)\)$`)

// parseSchedule parses a rule's schedule expression: a rate, whose unit is
// singular only for the value 1, or cron in UTC
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html).
func parseSchedule(text string) (schedule.Expression, error) {
	if m := rateForm.FindStringSubmatch(text); strings.HasPrefix(text, "rate(") && (m == nil || (m[1] == "1") != (m[3] == "")) {
		return nil, fmt.Errorf("%q is not of the form rate(1 minute) or rate(5 minutes)", text)
	}
	if !strings.HasPrefix(text, "rate(") && !strings.HasPrefix(text, "cron(") {
		return nil, fmt.Errorf("%q is neither rate(VALUE UNIT) nor cron(FIELDS)", text)
	}
	return schedule.Parse(text, "")
}

// checkComplete refuses a rule without a pattern or schedule, or with a missing bus.
func (r *Rules) checkComplete(rule store.Record[Rule]) error {
	if rule.Inputs.EventPattern == "" && rule.Inputs.ScheduleExpression == "" {
		return awserr.New("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	return r.hasBus(rule.Region, rule.Account, busOf(rule.Inputs.EventBusName))
}

// deleteRule refuses to delete a rule with targets, as
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html
// does.
func (r *Rules) deleteRule(_ context.Context, _ provider.Call, rule store.Record[Rule]) error {
	held, err := r.targetsOf(rule)
	if err == nil && len(held) > 0 {
		err = awserr.New("ValidationException", "Rule can't be deleted since it has targets.")
	}
	return err
}

// logicalName returns the rule's name in the Pulumi program.
func logicalName(r store.Record[Rule]) string { return r.URN[strings.LastIndexByte(r.URN, ':')+1:] }

// ruleIn returns the record of a rule in an account, to build its ARN.
func ruleIn(region, account string, in Rule) store.Record[Rule] {
	return store.Record[Rule]{Region: region, Account: account, Inputs: in}
}
