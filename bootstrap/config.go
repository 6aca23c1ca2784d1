package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/settings"
)

// config holds the settings of a stack. Pulumi.yaml describes each setting and
// holds its default.
type config struct {
	Account          string // 12 digits
	Region           string
	Project          string // the project that GitLab deploys
	Stack            string // the stack that GitLab deploys; this stack has the same name
	PerMergeRequest  bool   // GitLab deploys a stack Stack-NUMBER for each merge request
	GitLabURL        string
	GitLabAudience   string
	CreateProvider   bool
	GitLabProject    string
	DeployBranch     string
	PreviewBranches  string   // a pattern with *
	Domains          []string // none: no rights on DNS and certificates
	HostedZones      []string // ids, or "*"
	AttachTo         string   // PROJECT/STACK of the host stack; "": none
	StateVersionDays int
}

// maxPrefix is the maximum length of PROJECT-STACK. The name of a bucket has at
// most 63 characters, the name of a function or role at most 64.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const maxPrefix = 32

// readConfig reads the stack's settings. Its error has one line for each wrong
// or unknown setting. Most values become part of policies, where an unexpected
// * or ${variable} would grant access to others. So each pattern allows only
// what the policy needs.
func readConfig(ctx *pulumi.Context, set string) (config, error) {
	r := &settings.Reader{Project: ctx.Project(), Stack: ctx.Stack(), Lookup: ctx.GetConfig, Unset: "has lost its default in Pulumi.yaml"}
	cfg := config{
		Account: r.Match("account", `[0-9]{12}`, "the 12 digits of this stack's AWS account, in quotes"),
		// The ARNs of other partitions do not begin with arn:aws.
		Region:  r.Match("region", `(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]`, "an AWS region such as eu-central-1, not in the partitions for China or governments"),
		Project: r.Match("project", `[a-z][a-z0-9-]*`, "1 or more of a-z 0-9 - and begin with a letter"),
		Stack:   ctx.Stack(),
		// The issuer in a token equals the URL of the provider.
		// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
		GitLabURL:      r.Match("gitlabUrl", `https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._-]+)*`, "https:// and a host, without a port and without a slash at the end"),
		GitLabAudience: r.Match("gitlabAudience", `[A-Za-z0-9._:/-]{1,255}`, "1 to 255 of A-Z a-z 0-9 . _ : / -"),
		CreateProvider: r.Flag("createProvider"),
		// https://docs.gitlab.com/user/reserved_names/
		GitLabProject:   r.Match("gitlabProject", `[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+`, "the path of one project, such as acme/api"),
		DeployBranch:    r.Match("deployBranch", `[A-Za-z0-9._/-]{1,255}`, "the name of one branch, without *"),
		PerMergeRequest: r.Flag("perMergeRequest"),
		PreviewBranches: r.Match("previewBranches", `[A-Za-z0-9._/*-]{1,255}`, "the name of a branch, where * matches any characters"),
		Domains:         r.List("domains", `([a-z0-9_-]{1,63}\.)+[a-z0-9-]{2,63}`, "domain names in lower case, without a dot at the end and without *"),
		HostedZones:     r.List("hostedZones", `\*|[A-Z0-9]{1,32}`, `ids of Route 53 zones, or "*"`),
		AttachTo:        r.Optional("attachTo", `[a-z][a-z0-9-]*/[a-z][a-z0-9-]*`, "PROJECT/STACK, both of a-z 0-9 -, equal to attachTo of the deployed stack"),

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
		r.Report(fmt.Errorf("the names of AWS resources begin with %q: project and stack must consist of a-z 0-9 - "+
			"and have at most %d characters together", cfg.prefix(), longest-1))
	}
	// The names of the state buckets begin with the project of this program.
	if strings.HasPrefix(ctx.Project()+"-", cfg.prefix()+"-") {
		r.Report(fmt.Errorf("the names of AWS resources begin with %q, like the names of the state buckets, so the stack could delete these buckets: "+
			"give the project or the stack another name", cfg.prefix()))
	}
	r.RefuseOthers(r.Keys(set))
	return cfg, r.Err()
}

// prefix returns PROJECT-STACK. The names of the stack's resources begin with
// it and a hyphen. So do the names of a stack whose name continues with a
// number, such as review-12.
func (c config) prefix() string { return c.Project + "-" + c.Stack }

// stack returns the deployed stack as PROJECT/STACK. If GitLab deploys a stack
// for each merge request, it is a pattern.
func (c config) stack() string {
	if c.PerMergeRequest {
		return c.Project + "/" + c.Stack + "-*"
	}
	return c.Project + "/" + c.Stack
}
