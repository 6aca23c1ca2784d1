// Package ssm stands for the Parameter Store of AWS Systems Manager: standard
// parameters, which stacks tell each other things by. There is no endpoint for
// functions: they get what they need by environment.
package ssm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"skiff/local/arn"
	"skiff/local/provider"
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

// Parameter is the inputs of a parameter. Overwrite is a setting without
// effect: here a parameter has one owner.
type Parameter struct {
	Name        string            `json:"name" aws:"replace"`
	Type        string            `json:"type" aws:"required"`
	Value       string            `json:"value,omitempty" aws:"required"`
	DataType    string            `json:"dataType,omitempty" aws:"replace,computed"`
	Description string            `json:"description,omitempty"`
	Overwrite   bool              `json:"overwrite,omitempty"`
	Tier        string            `json:"tier,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// ParameterOutputs is what AWS adds to a parameter, its defaults included.
type ParameterOutputs struct {
	ARN           string `json:"arn"`
	DataType      string `json:"dataType"`
	InsecureValue string `json:"insecureValue"`
	KeyID         string `json:"keyId"`
	Tier          string `json:"tier"`
	Version       int    `json:"version"`
}

// Parameters are the declared parameters.
type Parameters struct{ db *store.Store }

// New holds the parameters of db.
func New(db *store.Store) *Parameters { return &Parameters{db} }

// version is the state of a record that tells how often its value was put.
const version = "version"

// Resources is the resource type of a parameter.
func (p *Parameters) Resources() *provider.Resource[Parameter, ParameterOutputs] {
	return &provider.Resource[Parameter, ParameterOutputs]{
		Token: Token, Named: "name", MaxName: maxName, Volatile: []string{version},
		Check: checkParameter,
		ID:    func(_ provider.Call, in Parameter) string { return in.Name },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[Parameter]) error {
			r.State[version] = "1"
			return nil
		},
		Update:   update,
		Actions:  parameterActions,
		Describe: describe,
	}
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+$|^(/[A-Za-z0-9_.-]+)+$`)

// checkParameter refuses what
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
// does.
func checkParameter(in Parameter) []provider.Problem {
	var problems []provider.Problem
	refuse := func(property, format string, args ...any) {
		problems = append(problems, provider.Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
	}
	if reason := nameProblem(in.Name); in.Name != "" && reason != "" {
		refuse("name", "%q %s", in.Name, reason)
	}
	switch in.Type {
	case "", "String", "StringList":
	case "SecureString":
		refuse("type", "the local cloud takes no SecureString: the value would lie in the stack's state; put a secret into Secrets Manager")
	default:
		refuse("type", "%q is neither String nor StringList", in.Type)
	}
	if n := utf8.RuneCountInString(in.Value); n > maxValue {
		refuse("value", "has %d characters; a standard parameter has at most %d", n, maxValue)
	} else if strings.Contains(in.Value, "{{") && strings.Contains(in.Value, "}}") {
		refuse("value", "must not have {{}}: a parameter does not nest another one")
	}
	if in.DataType != "" && in.DataType != "text" {
		refuse("dataType", "the local cloud knows text, not %q", in.DataType)
	}
	if n := utf8.RuneCountInString(in.Description); n > 1024 {
		refuse("description", "has %d characters; at most 1024", n)
	}
	if in.Tier != "" && in.Tier != "Standard" {
		refuse("tier", "the local cloud has Standard parameters, not %q", in.Tier)
	}
	return problems
}

// nameProblem says what is wrong with a name, by the rules of
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
		return "begins with aws or ssm, which AWS keeps for itself"
	}
	return ""
}

// update counts a version for every change but one of tags.
func update(_ context.Context, _ provider.Call, old store.Record[Parameter], r *store.Record[Parameter]) error {
	if old.Inputs.Type != r.Inputs.Type {
		return fmt.Errorf("HierarchyTypeMismatchException: parameter %s is a %s and cannot become a %s: give the new one another name", r.ID, old.Inputs.Type, r.Inputs.Type)
	}
	before, after := old.Inputs, r.Inputs
	if before.Value != after.Value || before.Description != after.Description || before.DataType != after.DataType || before.Tier != after.Tier {
		r.State[version] = strconv.Itoa(versionOf(old) + 1)
	}
	return nil
}

func versionOf(r store.Record[Parameter]) int {
	n, _ := strconv.Atoi(r.State[version]) // written here alone
	return n
}

func describe(r store.Record[Parameter]) ParameterOutputs {
	return ParameterOutputs{ARN: parameterARN(r), DataType: "text", Tier: "Standard", Version: versionOf(r)}
}

// parameterARN has no slash of its own where the name begins with one.
func parameterARN(r store.Record[Parameter]) string {
	return arn.New("ssm", r.Region, r.Account, "parameter/"+strings.TrimPrefix(r.ID, "/"))
}

// GetParameter is the function GetParameterToken: it tells of a parameter in
// the caller's account and region. It is a provider.Invoke.
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
		"arn": parameterARN(r), "id": r.ID, "insecureValue": r.Inputs.Value, "name": r.ID,
		"type": r.Inputs.Type, "value": r.Inputs.Value, "version": versionOf(r),
	}
	if decrypt, ok := args["withDecryption"]; ok {
		result["withDecryption"] = decrypt
	}
	return result, nil
}
