package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/build"
)

// config is what may differ between stacks, named after its effect. Pulumi.yaml
// describes each setting and holds its default.
type config struct {
	Target              build.Target
	Memory              int // MB
	Timeout             int // seconds
	Concurrency         int // -1: none reserved
	LogLevel            string
	LogDays             int
	Stage               string
	AutoDeploy          bool
	DeletionProtection  bool
	PointInTimeRecovery bool
}

// readConfig reads the stack's configuration, and refuses it with one sentence
// for each setting that is wrong or unknown. Pulumi itself checks the types in
// Pulumi.yaml and passes unknown keys: a misspelt one would silently leave the
// default in force.
func readConfig(ctx *pulumi.Context, settings string) (config, error) {
	r := &reader{project: ctx.Project(), lookup: ctx.GetConfig}
	cfg := config{
		Target:              r.target("target"),
		Memory:              r.number("memory", 128, 10240),
		Timeout:             r.number("timeout", 1, 29),
		Concurrency:         r.number("concurrency", -1, 10000),
		LogLevel:            r.oneOf("logLevel", "debug", "info", "warn", "error"),
		LogDays:             r.logDays("logDays"),
		Stage:               r.stage("stage"),
		AutoDeploy:          r.flag("autoDeploy"),
		DeletionProtection:  r.flag("deletionProtection"),
		PointInTimeRecovery: r.flag("pointInTimeRecovery"),
	}
	r.refuseOthers(settings)
	return cfg, errors.Join(r.errs...)
}

// reader reads settings and collects what is wrong with them, so that a person
// sees all of it at once.
type reader struct {
	project string
	lookup  func(key string) (value string, ok bool)
	keys    []string // that were read
	errs    []error
}

// text returns the setting, or "" and notes that it is not set.
func (r *reader) text(key string) (value string, ok bool) {
	r.keys = append(r.keys, key)
	value, ok = r.lookup(r.project + ":" + key)
	if !ok {
		r.errs = append(r.errs, fmt.Errorf("%s:%s is not set and has lost its default in Pulumi.yaml; "+
			"set it with pulumi config set %s VALUE", r.project, key, key))
	}
	return value, ok
}

func (r *reader) refuse(key, value, allowed string) {
	r.errs = append(r.errs, fmt.Errorf("%s:%s must be %s, not %q; change it with pulumi config set %s VALUE",
		r.project, key, allowed, value, key))
}

func (r *reader) number(key string, least, most int) int {
	value, ok := r.text(key)
	n, err := strconv.Atoi(value)
	if ok && (err != nil || n < least || n > most) {
		r.refuse(key, value, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return n
}

func (r *reader) flag(key string) bool {
	value, ok := r.text(key)
	if ok && value != "true" && value != "false" {
		r.refuse(key, value, "true or false")
	}
	return value == "true"
}

func (r *reader) oneOf(key string, allowed ...string) string {
	value, ok := r.text(key)
	if ok && !slices.Contains(allowed, value) {
		last := len(allowed) - 1
		r.refuse(key, value, strings.Join(allowed[:last], ", ")+" or "+allowed[last])
	}
	return value
}

func (r *reader) target(key string) build.Target {
	value, ok := r.text(key)
	target, err := build.ParseTarget(value)
	if ok && err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s:%s %w; change it with pulumi config set %s VALUE", r.project, key, err, key))
	}
	return target
}

// logDays takes the periods that CloudWatch Logs has. For ever is none of them.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
func (r *reader) logDays(key string) int {
	n, err := strconv.Atoi(r.oneOf(key, "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545",
		"731", "1096", "1827", "2192", "2557", "2922", "3288", "3653"))
	if err != nil {
		return 0 // refused above
	}
	return n
}

// stage takes the names that API Gateway takes.
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html
func (r *reader) stage(key string) string {
	value, ok := r.text(key)
	if ok && value != "$default" && !regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`).MatchString(value) {
		r.refuse(key, value, "$default, or 1 to 128 of A-Z a-z 0-9 _ -")
	}
	return value
}

// refuseOthers refuses the settings of this project that were not read. The SDK
// lists no keys, so they come from the variable that it reads itself.
func (r *reader) refuseOthers(settings string) {
	if settings == "" {
		return
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(settings), &all); err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", pulumi.EnvConfig, err))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		name, ours := strings.CutPrefix(key, r.project+":")
		if ours && !slices.Contains(r.keys, name) {
			r.errs = append(r.errs, fmt.Errorf("%s is not a setting; there are %s; remove it with pulumi config rm %s",
				key, strings.Join(slices.Sorted(slices.Values(r.keys)), ", "), name))
		}
	}
}
