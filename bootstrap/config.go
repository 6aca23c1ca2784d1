package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/settings"
)

// config is what may differ between accounts, named after its effect.
// Pulumi.yaml describes each setting and holds its default.
type config struct {
	Account          string // 12 digits
	Region           string
	Project          string // that is deployed
	Stack            string // that is deployed; it has the name of this one
	PerMergeRequest  bool   // whether the stacks deployed are Stack-NUMBER, one for each merge request
	GitLabURL        string
	GitLabAudience   string
	CreateProvider   bool
	GitLabProject    string
	DeployBranch     string
	PreviewBranches  string   // a pattern
	Domains          []string // none: no rights on DNS
	HostedZones      []string // ids, or "*"
	AttachTo         string   // PROJECT/STACK that it is attached to; "": none
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
func readConfig(ctx *pulumi.Context, set string) (config, error) {
	r := &settings.Reader{Project: ctx.Project(), Stack: ctx.Stack(), Lookup: ctx.GetConfig, Unset: "has lost its default in Pulumi.yaml"}
	cfg := config{
		Account: r.Match("account", `[0-9]{12}`, "the 12 digits of this stack's AWS account, in quotes"),
		// Other partitions have other ARNs.
		Region:  r.Match("region", `(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]`, "a region of AWS such as eu-central-1, not of its partitions in China or for governments"),
		Project: r.Match("project", `[a-z][a-z0-9-]*`, "of a-z 0-9 - and begin with a letter"),
		Stack:   ctx.Stack(),
		// The issuer of a token and the URL of the provider are the same.
		// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
		GitLabURL:      r.Match("gitlabUrl", `https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._-]+)*`, "https:// and a host, without a port and without a slash at the end"),
		GitLabAudience: r.Match("gitlabAudience", `[A-Za-z0-9._:/-]{1,255}`, "1 to 255 of A-Z a-z 0-9 . _ : / -"),
		CreateProvider: r.Flag("createProvider"),
		// https://docs.gitlab.com/user/reserved_names/
		GitLabProject:   r.Match("gitlabProject", `[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+`, "the path of one project, such as acme/api"),
		DeployBranch:    r.Match("deployBranch", `[A-Za-z0-9._/-]{1,255}`, "the name of one branch, without *"),
		PerMergeRequest: r.Flag("perMergeRequest"),
		PreviewBranches: r.Match("previewBranches", `[A-Za-z0-9._/*-]{1,255}`, "the name of a branch, in which * stands for any characters"),
		Domains:         r.List("domains", `([a-z0-9_-]{1,63}\.)+[a-z0-9-]{2,63}`, "domain names in lower case, without a dot at the end and without *"),
		HostedZones:     r.List("hostedZones", `\*|[A-Z0-9]{1,32}`, `ids of Route 53 zones, or "*"`),
		AttachTo:        r.Optional("attachTo", `[a-z][a-z0-9-]*/[a-z][a-z0-9-]*`, "PROJECT/STACK, both of a-z 0-9 -, as the stack's own setting is"),

		StateVersionDays: r.Number("stateVersionDays", 1, 3650),
	}
	if cfg.HostedZones != nil && len(cfg.HostedZones) == 0 {
		r.Refuse("hostedZones", "[]", `a list of at least one id, or "*"`)
	}
	longest := maxPrefix
	if cfg.PerMergeRequest {
		longest -= len("-99999")
	}
	if !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(cfg.Stack) || len(cfg.prefix()) > longest {
		r.Report(fmt.Errorf("the names of AWS resources begin with %q: a project and a stack are of a-z 0-9 -, "+
			"and have %d characters together at most", cfg.prefix(), longest-1))
	}
	// The names of the buckets with the state begin with this program's own.
	if strings.HasPrefix(ctx.Project()+"-", cfg.prefix()+"-") {
		r.Report(fmt.Errorf("the names of AWS resources begin with %q, as those of the buckets with the state, which the stack could delete then: "+
			"give the project or the stack another name", cfg.prefix()))
	}
	r.RefuseOthers(r.Keys(set))
	return cfg, r.Err()
}

// prefix is what the names of all that the stack makes begin with, before a
// hyphen. It begins those of every stack that has a number after it, too.
func (c config) prefix() string { return c.Project + "-" + c.Stack }

// stack is the stack that is deployed, as PROJECT/STACK: a pattern where there
// is one for each merge request.
func (c config) stack() string {
	if c.PerMergeRequest {
		return c.Project + "/" + c.Stack + "-*"
	}
	return c.Project + "/" + c.Stack
}
