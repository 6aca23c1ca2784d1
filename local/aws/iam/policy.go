package iam

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of managed policies and of their attachments to roles.
const (
	PolicyToken     = "aws:iam/policy:Policy"
	AttachmentToken = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
)

// See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
const (
	maxManagedPolicy = 6144 // characters without white space
	maxAttached      = 10   // managed policies per role
)

// documentForm matches the characters that
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
// allows.
var documentForm = regexp.MustCompile(`^[\t\n\r\x{20}-\x{FF}]*$`)

// Policy holds the inputs of a managed policy. Earlier versions are not kept.
type Policy struct {
	Name        string            `json:"name" aws:"replace"`
	Policy      string            `json:"policy" aws:"required"`
	Description string            `json:"description,omitempty" aws:"replace,idle"`
	Path        string            `json:"path,omitempty" aws:"replace,default=/"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// PolicyOutputs holds the outputs that AWS adds to a managed policy.
type PolicyOutputs struct {
	ARN             string `json:"arn"`
	AttachmentCount int    `json:"attachmentCount"`
	Path            string `json:"path"`
	PolicyID        string `json:"policyId"`
}

// Attachment holds the inputs of the attachment of a managed policy to a role.
type Attachment struct {
	Role      string `json:"role" aws:"required,replace"`
	PolicyARN string `json:"policyArn" aws:"required,replace"`
}

// managedPolicies returns the resource types of managed policies and their
// attachments.
func managedPolicies(a *Authority) (*provider.Resource[Policy, PolicyOutputs], *provider.Resource[Attachment, struct{}]) {
	policies := &provider.Resource[Policy, PolicyOutputs]{
		Token: PolicyToken, Named: "name", MaxName: 128, Exclusive: true,
		Check:    checkPolicy,
		ID:       func(c provider.Call, in Policy) string { return policyARN(c.Account, in) },
		Create:   a.createPolicy,
		Update:   updatePolicy,
		Delete:   a.deletePolicy,
		Actions:  global(policyActions),
		Describe: a.describePolicy,
	}
	attachments := &provider.Resource[Attachment, struct{}]{
		// See aws_iam_role_policy_attachment in provider/resources.go of pulumi-aws.
		Token: AttachmentToken, Exclusive: true, DeletedFirst: true,
		Check:   checkAttachment,
		ID:      func(_ provider.Call, in Attachment) string { return in.Role + "-" + uniqueID(in.PolicyARN) },
		Create:  a.attach,
		Actions: global(a.attachmentActions),
	}
	return policies, attachments
}

func policyARN(account string, in Policy) string {
	path := in.Path
	if path == "" {
		path = "/"
	}
	return arn.New("iam", "", account, "policy"+path+in.Name)
}

// checkPolicy reports what
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
// rejects.
func checkPolicy(in Policy) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && (len(in.Name) > 128 || !nameForm.MatchString(in.Name)) {
		problems.Add("name", "%q must be 1 to 128 letters, digits and +=,.@-_", in.Name)
	}
	if in.Path != "" && !pathForm.MatchString(in.Path) {
		problems.Add("path", "%q must begin and end with a slash, with at most 512 characters", in.Path)
	}
	problems.MaxCharacters("description", in.Description, 1000)
	if in.Policy == "" {
		return problems
	}
	if n := size(in.Policy); n > maxManagedPolicy {
		problems.Add("policy", "has %d characters; a managed policy has at most %d", n, maxManagedPolicy)
	} else if !documentForm.MatchString(in.Policy) {
		problems.Add("policy", "has a character above U+00FF, which IAM does not allow")
	} else if _, err := Parse(in.Policy, false); err != nil {
		problems.Add("policy", "%s", err)
	}
	return problems
}

// createPolicy refuses a name that the account already uses under another path.
func (a *Authority) createPolicy(_ context.Context, c provider.Call, r *store.Record[Policy]) error {
	all, err := store.List[Policy](a.db, PolicyToken)
	if err != nil {
		return err
	}
	for _, other := range all {
		// IAM ignores case in names.
		if other.Account == c.Account && other.ID != r.ID && strings.EqualFold(other.Inputs.Name, r.Inputs.Name) {
			return awserr.New("EntityAlreadyExists", "a policy called %s already exists: %s", r.Inputs.Name, other.ID)
		}
	}
	return nil
}

// updatePolicy counts a version if the document changes.
func updatePolicy(_ context.Context, _ provider.Call, old store.Record[Policy], r *store.Record[Policy]) error {
	if old.Inputs.Policy != r.Inputs.Policy {
		if r.State == nil {
			r.State = map[string]string{}
		}
		r.State[versions] = strconv.Itoa(min(versionsOf(old)+1, maxVersions))
	}
	return nil
}

// deletePolicy refuses a policy that is attached to a role, as
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
// does.
func (a *Authority) deletePolicy(_ context.Context, _ provider.Call, r store.Record[Policy]) error {
	attached, err := a.attachments(func(in Attachment) bool { return in.PolicyARN == r.ID })
	if err != nil {
		return err
	}
	if len(attached) > 0 {
		return awserr.New("DeleteConflict", "cannot delete policy %s: it is attached to role %s", r.ID, attached[0].Role)
	}
	return nil
}

func (a *Authority) describePolicy(r store.Record[Policy]) PolicyOutputs {
	out := PolicyOutputs{ARN: r.ID, Path: r.Inputs.Path, PolicyID: "ANPA" + uniqueID(r.URN+r.ID)}
	if out.Path == "" {
		out.Path = "/"
	}
	// The error is ignored: the count is for people only, and the next call
	// reports a broken store.
	attached, _ := a.attachments(func(in Attachment) bool { return in.PolicyARN == r.ID })
	out.AttachmentCount = len(attached)
	return out
}

func (a *Authority) attachments(which func(Attachment) bool) ([]Attachment, error) {
	all, err := store.List[Attachment](a.db, AttachmentToken)
	var found []Attachment
	for _, r := range all {
		if which(r.Inputs) {
			found = append(found, r.Inputs)
		}
	}
	return found, err
}

func checkAttachment(in Attachment) []provider.Problem {
	if p := in.PolicyARN; p != "" && !boundaryForm.MatchString(p) {
		return []provider.Problem{{Property: "policyArn", Reason: fmt.Sprintf("%q is not the ARN of a managed policy", p)}}
	}
	return nil
}

// attach refuses what
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
// rejects.
func (a *Authority) attach(_ context.Context, _ provider.Call, r *store.Record[Attachment]) error {
	in := r.Inputs
	role, err := store.Get[Role](a.db, RoleToken, in.Role)
	if err != nil {
		return awserr.New("NoSuchEntity", "the role with name %s cannot be found", in.Role)
	}
	if err := a.attachable(role.Account, in.PolicyARN); err != nil {
		return err
	}
	attached, err := a.attachments(func(other Attachment) bool { return other.Role == in.Role && other.PolicyARN != in.PolicyARN })
	if err != nil {
		return err
	}
	if len(attached) >= maxAttached {
		return awserr.New("LimitExceeded", "cannot exceed the quota of %d managed policies for role %s", maxAttached, in.Role)
	}
	return nil
}

// attachable refuses a managed policy that is neither the account's own nor a
// supported AWS managed policy.
func (a *Authority) attachable(account, policyARN string) error {
	if _, ok := awsPolicies()[policyARN]; ok {
		return nil
	}
	if policy, err := store.Get[Policy](a.db, PolicyToken, policyARN); err == nil && policy.Account == account {
		return nil
	}
	return awserr.New("NoSuchEntity", "policy %s does not exist or is not attachable; the local cloud has the policies that programs declare in the role's account, and these AWS managed policies: %s",
		policyARN, strings.Join(awsPolicyARNs(), ", "))
}

// managedDocuments returns the documents of all managed policies, by ARN.
func (a *Authority) managedDocuments() (map[string]*Document, error) {
	all, err := store.List[Policy](a.db, PolicyToken)
	if err != nil {
		return nil, err
	}
	documents, err := awsDocuments()
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if documents[p.ID], err = Parse(p.Inputs.Policy, false); err != nil {
			return nil, fmt.Errorf("policy %s: %w", p.ID, err)
		}
	}
	return documents, nil
}
