package ssm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the resource type and of the function of this package.
const (
	Token             = "aws:ssm/parameter:Parameter"
	GetParameterToken = "aws:ssm/getParameter:getParameter"
)

// Limits of a standard parameter
// (https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm).
const (
	maxValue  = 4096 // characters
	maxName   = 1011 // characters
	maxLevels = 15
)

// The types of a parameter.
const (
	plain  = "String"
	list   = "StringList"
	secure = "SecureString"
)

// defaultKey encrypts every SecureString.
const defaultKey = "alias/aws/ssm"

// Parameter holds the inputs of a parameter.
type Parameter struct {
	Name        string            `json:"name" aws:"replace"`
	Type        string            `json:"type" aws:"required"`
	Value       string            `json:"value,omitempty" aws:"required"`
	DataType    string            `json:"dataType,omitempty" aws:"replace,computed"`
	Description string            `json:"description,omitempty" aws:"idle"`
	Overwrite   bool              `json:"overwrite,omitempty"`
	Tier        string            `json:"tier,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// ParameterOutputs holds the outputs and defaults that AWS adds to a parameter.
type ParameterOutputs struct {
	ARN           string `json:"arn"`
	DataType      string `json:"dataType"`
	InsecureValue string `json:"insecureValue"`
	KeyID         string `json:"keyId"`
	Tier          string `json:"tier"`
	Version       int    `json:"version"`
}

// Options configures Parameters.
type Options struct {
	Store     *store.Store
	Authority *iam.Authority
	Account   string // account of a parameter that the administrator creates without an ARN
}

// Parameters holds the parameters that programs and calls have created. It is
// safe for concurrent use.
type Parameters struct {
	db        *store.Store
	authority *iam.Authority
	account   string
	now       func() time.Time
	mu        sync.Mutex // serializes writes by calls
}

// New returns the parameters in a store.
func New(o Options) *Parameters {
	return &Parameters{db: o.Store, authority: o.Authority, account: o.Account, now: time.Now}
}

// Types returns the resource types of Systems Manager.
func (p *Parameters) Types() []provider.Kind { return []provider.Kind{resourceType(p)} }

// resourceType returns the resource type of a parameter. With overwrite, it
// replaces an existing parameter.
func resourceType(p *Parameters) *provider.Resource[Parameter, ParameterOutputs] {
	return &provider.Resource[Parameter, ParameterOutputs]{
		Token: Token, Named: "name", MaxName: maxName, Volatile: []string{version},
		Check:      checkParameter,
		ID:         func(_ provider.Call, in Parameter) string { return in.Name },
		Overwrites: func(in Parameter) bool { return in.Overwrite },
		Create:     p.create,
		Update:     p.update,
		Actions:    parameterActions,
		Describe:   describe,
	}
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+$|^(/[A-Za-z0-9_.-]+)+$`)

// checkParameter reports what
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
// rejects.
func checkParameter(in Parameter) []provider.Problem {
	var problems provider.Problems
	if reason := nameProblem(in.Name); in.Name != "" && reason != "" {
		problems.Add("name", "%q %s", in.Name, reason)
	}
	problems.OneOf("type", in.Type, plain, list, secure)
	// Messages do not repeat the value: it may be a secret.
	if n := utf8.RuneCountInString(in.Value); n > maxValue {
		problems.Add("value", "has %d characters; a standard parameter has at most %d", n, maxValue)
	} else if strings.Contains(in.Value, "{{") && strings.Contains(in.Value, "}}") {
		problems.Add("value", "must not have {{}}: a parameter cannot refer to another one")
	}
	if in.DataType != "" && in.DataType != "text" {
		problems.Add("dataType", "the local cloud supports text, not %q", in.DataType)
	}
	problems.MaxCharacters("description", in.Description, 1024)
	if in.Tier != "" && in.Tier != "Standard" {
		problems.Add("tier", "the local cloud supports Standard, not %q", in.Tier)
	}
	return problems
}

// nameProblem describes what is wrong with a name, by
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html#sysman-parameter-name-constraints.
func nameProblem(name string) string {
	lower := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case len(name) > maxName:
		return fmt.Sprintf("has %d characters; at most %d", len(name), maxName)
	case !nameForm.MatchString(name):
		return "must be letters, digits, _, . and -, or a path of these that begins with a slash and does not end with one"
	case strings.Count(name, "/") > maxLevels:
		return fmt.Sprintf("has %d levels; at most %d", strings.Count(name, "/"), maxLevels)
	case strings.HasPrefix(lower, "aws") || strings.HasPrefix(lower, "ssm"):
		return "begins with aws or ssm, which AWS reserves"
	}
	return ""
}

// create makes version 1 of a parameter, or the next version of an existing one
// that it overwrites.
func (p *Parameters) create(_ context.Context, _ provider.Call, r *store.Record[Parameter]) error {
	old, err := store.Get[Parameter](p.db, Token, r.ID)
	if errors.Is(err, store.ErrNotFound) {
		return keepVersion(r, nil, 1, p.now())
	}
	if err != nil {
		return err
	}
	return p.put(old, r)
}

// update keeps the stored value if the program does not change it. A call may
// have put another value, and the real provider does not write the value if
// only the tags change.
func (p *Parameters) update(_ context.Context, c provider.Call, old store.Record[Parameter], r *store.Record[Parameter]) error {
	known, err := provider.Known[Parameter](c)
	if err != nil {
		return err
	}
	if known != nil && sameContent(*known, r.Inputs) {
		tags, overwrite := r.Inputs.Tags, r.Inputs.Overwrite
		r.Inputs = old.Inputs
		r.Inputs.Tags, r.Inputs.Overwrite = tags, overwrite
		return nil
	}
	return p.put(old, r)
}

// put makes a new version for every change except of tags.
func (p *Parameters) put(old store.Record[Parameter], r *store.Record[Parameter]) error {
	if old.Inputs.Type != r.Inputs.Type {
		return awserr.New("HierarchyTypeMismatchException", "parameter %s is a %s and cannot become a %s: give the new parameter another name", r.ID, old.Inputs.Type, r.Inputs.Type)
	}
	if sameContent(old.Inputs, r.Inputs) {
		r.State = maps.Clone(old.State)
		return nil
	}
	held, err := versionsOf(old)
	if err != nil {
		return err
	}
	return keepVersion(r, held, versionOf(old)+1, p.now())
}

func sameContent(a, b Parameter) bool {
	return a.Type == b.Type && a.Value == b.Value && a.Description == b.Description && a.DataType == b.DataType && a.Tier == b.Tier
}

func describe(r store.Record[Parameter]) ParameterOutputs {
	out := ParameterOutputs{ARN: parameterARN(r), DataType: "text", Tier: "Standard", Version: versionOf(r)}
	if r.Inputs.Type == secure {
		out.KeyID = defaultKey
	}
	return out
}

// parameterARN does not add a slash before a name that begins with one.
func parameterARN(r store.Record[Parameter]) string {
	return arn.New("ssm", r.Region, r.Account, "parameter/"+strings.TrimPrefix(r.ID, "/"))
}

// GetParameter implements GetParameterToken: it returns a parameter of the
// caller's account and region. It is a provider.Invoke.
func (p *Parameters) GetParameter(c provider.Call, args map[string]any) (map[string]any, error) {
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if name != "name" && name != "withDecryption" {
			return nil, fmt.Errorf("%s: the local cloud does not know the argument %s; it knows name, withDecryption", GetParameterToken, name)
		}
	}
	name, _ := args["name"].(string)
	if name == "" {
		return nil, fmt.Errorf("%s: name is required", GetParameterToken)
	}
	wanted := store.Record[Parameter]{ID: name, Account: c.Account, Region: c.Region}
	if err := c.Permit(provider.On(parameterARN(wanted), "ssm:GetParameter")...); err != nil {
		return nil, fmt.Errorf("reading SSM Parameter (%s): %w", name, err)
	}
	r, err := store.Get[Parameter](p.db, Token, name)
	if err == nil && (r.Account != c.Account || r.Region != c.Region) {
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("reading SSM Parameter (%s): couldn't find resource", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading SSM Parameter (%s): %w", name, err)
	}
	result := map[string]any{
		"arn": parameterARN(r), "id": r.ID, "name": r.ID,
		"type": r.Inputs.Type, "value": r.Inputs.Value, "version": versionOf(r),
	}
	if r.Inputs.Type != secure {
		result["insecureValue"] = r.Inputs.Value
	}
	if decrypt, ok := args["withDecryption"]; ok {
		result["withDecryption"] = decrypt
		if decrypt == false {
			result["value"] = shown(r, r.Inputs.Value, versionOf(r), false)
		}
	}
	return result, nil
}
