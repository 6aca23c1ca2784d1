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
)

// config is what may differ between accounts, named after its effect.
// Pulumi.yaml describes each setting and holds its default.
type config struct {
	Account          string // 12 digits
	Region           string
	Project          string // that is deployed
	Stack            string // that is deployed; it has the name of this one
	GitLabURL        string
	GitLabAudience   string
	CreateProvider   bool
	GitLabProject    string
	DeployBranch     string
	PreviewBranches  string   // a pattern
	Domains          []string // none: no rights on DNS
	HostedZones      []string // ids, or "*"
	StateVersionDays int
}

// maxPrefix is the most that the project and the stack may have together, with
// the hyphen between them: the name of the bucket has 63 characters at most,
// those of functions and roles 64.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const maxPrefix = 32

// readConfig reads the stack's configuration, and refuses it with one sentence
// for each setting that is wrong or unknown. Most of it ends up in policies,
// where a star or a ${variable} too many would let in others: each value is
// held to what its place needs.
func readConfig(ctx *pulumi.Context, settings string) (config, error) {
	r := &reader{project: ctx.Project(), lookup: ctx.GetConfig}
	cfg := config{
		Account: r.match("account", `[0-9]{12}`, "the 12 digits of this stack's AWS account, in quotes"),
		// Other partitions have other ARNs.
		Region:  r.match("region", `(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]`, "a region of AWS such as eu-central-1, not of its partitions in China or for governments"),
		Project: r.match("project", `[a-z][a-z0-9-]*`, "of a-z 0-9 - and begin with a letter"),
		Stack:   ctx.Stack(),
		// The issuer of a token and the URL of the provider are the same.
		// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
		GitLabURL:      r.match("gitlabUrl", `https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._-]+)*`, "https:// and a host, without a port and without a slash at the end"),
		GitLabAudience: r.match("gitlabAudience", `[A-Za-z0-9._:/-]{1,255}`, "1 to 255 of A-Z a-z 0-9 . _ : / -"),
		CreateProvider: r.flag("createProvider"),
		// https://docs.gitlab.com/user/reserved_names/
		GitLabProject:   r.match("gitlabProject", `[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+`, "the path of one project, such as acme/api"),
		DeployBranch:    r.match("deployBranch", `[A-Za-z0-9._/-]{1,255}`, "the name of one branch, without *"),
		PreviewBranches: r.match("previewBranches", `[A-Za-z0-9._/*-]{1,255}`, "the name of a branch, in which * stands for any characters"),
		Domains:         r.list("domains", `([a-z0-9_-]{1,63}\.)+[a-z0-9-]{2,63}`, "domain names in lower case, without a dot at the end and without *"),
		HostedZones:     r.list("hostedZones", `\*|[A-Z0-9]{1,32}`, `ids of Route 53 zones, or "*"`),

		StateVersionDays: r.number("stateVersionDays", 1, 3650),
	}
	if cfg.HostedZones != nil && len(cfg.HostedZones) == 0 {
		r.refuse("hostedZones", "[]", `a list of at least one id, or "*"`)
	}
	if !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(cfg.Stack) || len(cfg.prefix()) > maxPrefix {
		r.errs = append(r.errs, fmt.Errorf("the names of AWS resources begin with %q: a project and a stack are of a-z 0-9 -, "+
			"and have %d characters together at most", cfg.prefix(), maxPrefix-1))
	}
	r.refuseOthers(settings)
	return cfg, errors.Join(r.errs...)
}

// prefix is what the names of all that the stack makes begin with, before a
// hyphen.
func (c config) prefix() string { return c.Project + "-" + c.Stack }

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

// match takes a value that matches the whole of a pattern.
func (r *reader) match(key, pattern, allowed string) string {
	value, ok := r.text(key)
	if ok && !whole(pattern).MatchString(value) {
		r.refuse(key, value, allowed)
	}
	return value
}

// list takes a JSON array of values that each match the pattern.
func (r *reader) list(key, pattern, allowed string) []string {
	value, ok := r.text(key)
	if !ok {
		return nil
	}
	var items []string
	if err := json.Unmarshal([]byte(value), &items); err != nil {
		r.refuse(key, value, "a list of "+allowed)
		return nil
	}
	for _, item := range items {
		if !whole(pattern).MatchString(item) {
			r.refuse(key, item, allowed)
		}
	}
	return items
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

// refuseOthers refuses the settings of this project that were not read: a
// misspelt one would silently leave the default in force. The SDK lists no
// keys, so they come from the variable that it reads itself.
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

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`\A(?:` + pattern + `)\z`) }
