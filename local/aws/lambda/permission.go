package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// PermissionToken is the resource type of a permission.
const PermissionToken = "aws:lambda/permission:Permission"

// maxResourcePolicy is the largest total size of a function's permissions, in
// bytes
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxResourcePolicy = 20 << 10

// Permission holds the inputs of a permission, which is one statement of a
// function's resource policy. Any change replaces it.
type Permission struct {
	Action        string `json:"action" aws:"required,replace"`
	Function      string `json:"function" aws:"required,replace"`
	Principal     string `json:"principal" aws:"required,replace"`
	SourceARN     string `json:"sourceArn,omitempty" aws:"replace"`
	SourceAccount string `json:"sourceAccount,omitempty" aws:"replace"`
	StatementID   string `json:"statementId,omitempty" aws:"replace"`
}

func permissions(f *Functions) *provider.Resource[Permission, struct{}] {
	return &provider.Resource[Permission, struct{}]{
		Token: PermissionToken, Named: "statementId", MaxName: 100, Exclusive: true,
		Check:   checkPermission,
		ID:      func(_ provider.Call, in Permission) string { return in.StatementID },
		Key:     permissionKey,
		Create:  f.permit,
		Actions: permissionActions,
	}
}

// permissionKey returns the same key for a function's name and its ARN.
func permissionKey(id string, in Permission) string { return nameOf(in.Function) + " " + id }

var (
	statementForm = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,100}$`)
	actionForm    = regexp.MustCompile(`^(lambda:[*]|lambda:[a-zA-Z]+|[*])$`)
)

func checkPermission(in Permission) []provider.Problem {
	var problems provider.Problems
	if in.StatementID != "" && !statementForm.MatchString(in.StatementID) {
		problems.Add("statementId", "%q must be 1 to 100 letters, digits, - and _", in.StatementID)
	}
	if in.Action != "" && !actionForm.MatchString(in.Action) {
		problems.Add("action", "%q is not an action of Lambda, such as lambda:InvokeFunction", in.Action)
	}
	if in.SourceARN != "" && !strings.HasPrefix(in.SourceARN, "arn:") {
		problems.Add("sourceArn", "%q is not an ARN", in.SourceARN)
	}
	return problems
}

func (f *Functions) permit(_ context.Context, _ provider.Call, r *store.Record[Permission]) error {
	function, err := f.find(r.Inputs.Function)
	if err != nil {
		return awserr.New("ResourceNotFoundException", "%w", err)
	}
	held, err := f.permissionsOf(function)
	if err != nil {
		return err
	}
	size := statementSize(function, r.Inputs)
	for _, p := range held {
		if p.StatementID != r.Inputs.StatementID {
			size += statementSize(function, p)
		}
	}
	if size > maxResourcePolicy {
		return awserr.New("PolicyLengthExceededException", "the permissions of function %s have %d bytes; at most %d", function.ID, size, maxResourcePolicy)
	}
	return nil
}

// statementSize returns the approximate size of the statement in the policy
// document.
func statementSize(function store.Record[Function], p Permission) int {
	data, err := json.Marshal(map[string]any{
		"Sid": p.StatementID, "Effect": "Allow", "Principal": map[string]string{"Service": p.Principal},
		"Action": p.Action, "Resource": functionARN(function),
		"Condition": map[string]any{"ArnLike": map[string]string{"AWS:SourceArn": p.SourceARN}},
	})
	if err != nil {
		return 0
	}
	return len(data)
}

// granted caches the permissions by the function's name, as of a generation of
// the store.
type granted struct {
	generation uint64
	to         map[string][]Permission
}

func (f *Functions) permissionsOf(function store.Record[Function]) ([]Permission, error) {
	generation := f.db.Generation(PermissionToken)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.granted.to != nil && f.granted.generation == generation {
		return f.granted.to[function.ID], nil
	}
	all, err := store.List[Permission](f.db, PermissionToken)
	if err != nil {
		return nil, err
	}
	to := map[string][]Permission{}
	for _, p := range all {
		name := nameOf(p.Inputs.Function)
		to[name] = append(to[name], p.Inputs)
	}
	f.granted = granted{generation, to}
	return to[function.ID], nil
}

// permitted returns nil if a service may invoke the function for a resource,
// and ErrNoPermission otherwise.
func (f *Functions) permitted(function store.Record[Function], service, sourceARN string) error {
	held, err := f.permissionsOf(function)
	if err != nil {
		return err
	}
	for _, p := range held {
		if p.Principal == service && arn.Match(strings.ToLower(p.Action), "lambda:invokefunction") &&
			(p.SourceARN == "" || arn.Like(p.SourceARN, sourceARN)) &&
			(p.SourceAccount == "" || p.SourceAccount == function.Account) {
			return nil
		}
	}
	return fmt.Errorf("function %s, %s for %s: %w", function.ID, service, sourceARN, ErrNoPermission)
}
