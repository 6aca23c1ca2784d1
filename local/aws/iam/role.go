package iam

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of roles and their inline policies.
const (
	RoleToken       = "aws:iam/role:Role"
	RolePolicyToken = "aws:iam/rolePolicy:RolePolicy"
)

// See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
// Both count characters without white space.
const (
	maxTrustPolicy    = 2048
	maxInlinePolicies = 10240
)

var (
	nameForm = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathForm = regexp.MustCompile(`^/([!-~]{1,510}/)?$`)

	boundaryForm = regexp.MustCompile(`^arn:aws:iam::(\d{12}|aws):policy/[!-~]{1,512}$`)
)

// Role holds the inputs of a role.
type Role struct {
	Name                string            `json:"name" aws:"replace"`
	AssumeRolePolicy    string            `json:"assumeRolePolicy" aws:"required"`
	Description         string            `json:"description,omitempty" aws:"idle"`
	ForceDetachPolicies bool              `json:"forceDetachPolicies,omitempty"`
	ManagedPolicyARNs   []string          `json:"managedPolicyArns,omitempty" aws:"set,computed"`
	MaxSessionDuration  int               `json:"maxSessionDuration,omitempty"`
	Path                string            `json:"path,omitempty" aws:"replace,default=/"`
	PermissionsBoundary string            `json:"permissionsBoundary,omitempty"`
	Tags                map[string]string `json:"tags,omitempty"`
}

// RoleOutputs holds the outputs that AWS adds to a role.
type RoleOutputs struct {
	ARN                string `json:"arn"`
	CreateDate         string `json:"createDate"`
	MaxSessionDuration int    `json:"maxSessionDuration"`
	Path               string `json:"path"`
	UniqueID           string `json:"uniqueId"`
}

// RolePolicy holds the inputs of an inline policy of a role.
type RolePolicy struct {
	Name   string `json:"name" aws:"replace"`
	Role   string `json:"role" aws:"required,replace"`
	Policy string `json:"policy" aws:"required"`
}

// Types returns the resource types of IAM.
func (a *Authority) Types() []provider.Kind {
	roles, rolePolicies := resourceTypes(a)
	policies, attachments := managedPolicies(a)
	return []provider.Kind{roles, rolePolicies, policies, attachments, oidcProviders(a)}
}

// resourceTypes returns the resource types of roles and of inline policies.
func resourceTypes(a *Authority) (*provider.Resource[Role, RoleOutputs], *provider.Resource[RolePolicy, struct{}]) {
	roles := &provider.Resource[Role, RoleOutputs]{
		Token: RoleToken, Named: "name", MaxName: 64,
		Check: checkRole,
		ID:    func(_ provider.Call, in Role) string { return in.Name },
		Create: func(_ context.Context, c provider.Call, r *store.Record[Role]) error {
			return errors.Join(a.checkBoundary(c, *r), a.checkManaged(*r))
		},
		Update: func(_ context.Context, c provider.Call, old store.Record[Role], r *store.Record[Role]) error {
			if err := a.checkManaged(*r); err != nil || old.Inputs.PermissionsBoundary == r.Inputs.PermissionsBoundary {
				return err
			}
			return a.checkBoundary(c, *r)
		},
		Delete:   a.deleteRole,
		Actions:  global(a.roleActions),
		Describe: describeRole,
	}
	policies := &provider.Resource[RolePolicy, struct{}]{
		Token: RolePolicyToken, Named: "name", MaxName: 128, Exclusive: true,
		Check:  checkRolePolicy,
		ID:     func(_ provider.Call, in RolePolicy) string { return in.Role + ":" + in.Name },
		Create: a.createRolePolicy,
		Update: func(ctx context.Context, c provider.Call, _ store.Record[RolePolicy], r *store.Record[RolePolicy]) error {
			return a.createRolePolicy(ctx, c, r)
		},
		Actions: global(a.rolePolicyActions),
	}
	return roles, policies
}

// checkManaged refuses a role's own managed policies if one is missing or there
// are too many.
func (a *Authority) checkManaged(r store.Record[Role]) error {
	for _, policyARN := range r.Inputs.ManagedPolicyARNs {
		if err := a.attachable(r.Account, policyARN); err != nil {
			return err
		}
	}
	if len(r.Inputs.ManagedPolicyARNs) > maxAttached {
		return awserr.New("LimitExceeded", "cannot exceed the quota of %d managed policies for role %s", maxAttached, r.ID)
	}
	return nil
}

func checkRole(in Role) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && (len(in.Name) > 64 || !nameForm.MatchString(in.Name)) {
		problems.Add("name", "%q must be 1 to 64 letters, digits and +=,.@-_", in.Name)
	}
	if in.Path != "" && !pathForm.MatchString(in.Path) {
		problems.Add("path", "%q must begin and end with a slash, with at most 512 characters", in.Path)
	}
	if b := in.PermissionsBoundary; b != "" && !boundaryForm.MatchString(b) {
		problems.Add("permissionsBoundary", "%q is not the ARN of a managed policy", b)
	}
	if in.AssumeRolePolicy != "" {
		if _, err := Parse(in.AssumeRolePolicy, true); err != nil {
			problems.Add("assumeRolePolicy", "%v", err)
		}
		if n := size(in.AssumeRolePolicy); n > maxTrustPolicy {
			problems.Add("assumeRolePolicy", "has %d characters; a trust policy has at most %d", n, maxTrustPolicy)
		}
	}
	if d := in.MaxSessionDuration; d != 0 {
		problems.Within("maxSessionDuration", d, 3600, 43200, "seconds")
	}
	problems.MaxCharacters("description", in.Description, 1000)
	return problems
}

func checkRolePolicy(in RolePolicy) []provider.Problem {
	var problems provider.Problems
	if in.Policy != "" {
		if _, err := Parse(in.Policy, false); err != nil {
			problems.Add("policy", "%v", err)
		}
	}
	if in.Name != "" && (len(in.Name) > 128 || !nameForm.MatchString(in.Name)) {
		problems.Add("name", "%q must be 1 to 128 letters, digits and +=,.@-_", in.Name)
	}
	return problems
}

// size counts characters as IAM does: without white space.
func size(policy string) int {
	n := 0
	for _, r := range policy {
		switch r {
		case ' ', '\t', '\n', '\r':
		default:
			n++
		}
	}
	return n
}

func describeRole(r store.Record[Role]) RoleOutputs {
	path := r.Inputs.Path
	if path == "" {
		path = "/"
	}
	duration := r.Inputs.MaxSessionDuration
	if duration == 0 {
		duration = 3600
	}
	return RoleOutputs{
		ARN:                roleARNOf(r),
		CreateDate:         r.Created.UTC().Format("2006-01-02T15:04:05Z"),
		MaxSessionDuration: duration,
		Path:               path,
		UniqueID:           "AROA" + uniqueID(r.URN+r.ID),
	}
}

func roleARNOf(r store.Record[Role]) string {
	path := r.Inputs.Path
	if path == "" {
		path = "/"
	}
	return arn.New("iam", "", r.Account, "role"+path+r.ID)
}

// UserID returns the unique id of a caller, as services record it: the role's
// id and the session's name, or the administrator's id. It returns "" if the
// role is gone.
func (a *Authority) UserID(c Caller) string {
	if c.administrator {
		return "AIDA" + uniqueID(c.ARN)
	}
	_, name := splitRole(c.RoleARN)
	r, err := store.Get[Role](a.db, RoleToken, name)
	if err != nil {
		return ""
	}
	return describeRole(r).UniqueID + ":" + c.ARN[strings.LastIndexByte(c.ARN, '/')+1:]
}

func (a *Authority) createRolePolicy(_ context.Context, _ provider.Call, r *store.Record[RolePolicy]) error {
	if _, err := store.Get[Role](a.db, RoleToken, r.Inputs.Role); err != nil {
		return awserr.New("NoSuchEntity", "the role with name %s cannot be found", r.Inputs.Role)
	}
	total := size(r.Inputs.Policy)
	all, err := store.List[RolePolicy](a.db, RolePolicyToken)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Inputs.Role == r.Inputs.Role && other.ID != r.ID {
			total += size(other.Inputs.Policy)
		}
	}
	if total > maxInlinePolicies {
		return awserr.New("LimitExceeded", "the inline policies of role %s have %d characters; at most %d", r.Inputs.Role, total, maxInlinePolicies)
	}
	return nil
}

// deleteRole refuses a role that still has policies. With forceDetachPolicies
// it removes them instead.
func (a *Authority) deleteRole(_ context.Context, _ provider.Call, r store.Record[Role]) error {
	inline, err := store.List[RolePolicy](a.db, RolePolicyToken)
	if err != nil {
		return err
	}
	for _, p := range inline {
		if p.Inputs.Role != r.ID {
			continue
		}
		if !r.Inputs.ForceDetachPolicies {
			return awserr.New("DeleteConflict", "cannot delete role %s: its policy %s must be deleted first", r.ID, p.Inputs.Name)
		}
		if err := store.Delete(a.db, RolePolicyToken, p.ID); err != nil {
			return err
		}
	}
	attached, err := store.List[Attachment](a.db, AttachmentToken)
	if err != nil {
		return err
	}
	for _, p := range attached {
		if p.Inputs.Role != r.ID {
			continue
		}
		if !r.Inputs.ForceDetachPolicies {
			return awserr.New("DeleteConflict", "cannot delete role %s: the policy %s must be detached first", r.ID, p.Inputs.PolicyARN)
		}
		if err := store.Delete(a.db, AttachmentToken, p.ID); err != nil {
			return err
		}
	}
	return nil
}
