package ssm

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

type putInput struct {
	Name, Value, Type, Description, DataType, Tier string
	KeyId, AllowedPattern, Policies                string
	Overwrite                                      bool
	Tags                                           []tag
}

type tag struct{ Key, Value string }

type putOutput struct {
	Tier    string
	Version int
}

// putParameter implements
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html.
// The administrator chooses the account with an ARN as the name.
func (p *Parameters) putParameter(_ context.Context, c iam.Caller, in putInput) (*putOutput, error) {
	ref, err := p.parse(c, in.Name)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old, err := p.find(c, "PutParameter", ref)
	missing := awserr.Is(err, "ParameterNotFound")
	if err != nil && !missing {
		return nil, err
	}
	if err := in.check(ref, missing); err != nil {
		return nil, err
	}
	r := old
	if missing {
		r, err = p.newRecord(c, ref, in)
	} else {
		r.Inputs.Value, r.Inputs.Type = in.Value, orElse(in.Type, old.Inputs.Type)
		r.Inputs.Description = orElse(in.Description, old.Inputs.Description)
		r.State = maps.Clone(old.State)
		err = p.overwrite(old, &r)
	}
	if err != nil {
		return nil, err
	}
	if err := refusal(r.Inputs); err != nil {
		return nil, err
	}
	if err := store.Put(p.db, Token, r.ID, r); err != nil {
		return nil, err
	}
	return &putOutput{"Standard", versionOf(r)}, nil
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// check refuses what is wrong with the call itself. checkParameter checks the
// parameter.
func (in putInput) check(ref reference, missing bool) error {
	switch {
	case ref.selector != "":
		return awserr.New("ValidationException", "PutParameter accepts no version or label in the name: %s", ref.name)
	case in.Value == "":
		return awserr.New("ValidationException", "1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case in.AllowedPattern != "" || in.Policies != "":
		return awserr.New("ValidationException", "the local cloud does not support AllowedPattern and Policies of a parameter: leave them out")
	case in.KeyId != "" && in.KeyId != defaultKey:
		return awserr.New("InvalidKeyId", "the local cloud encrypts a SecureString with %s only, not with %s", defaultKey, in.KeyId)
	case missing && in.Type == "":
		return awserr.New("ValidationException", "A parameter type is required when you create a parameter.")
	case !missing && !in.Overwrite:
		return awserr.New("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case in.Overwrite && len(in.Tags) > 0:
		return awserr.New("ValidationException", "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag.")
	}
	return nil
}

// refusal returns the first problem for which a declaration of the parameter is
// refused too.
func refusal(in Parameter) error {
	for _, problem := range checkParameter(in) {
		return awserr.New("ValidationException", "%s %s", problem.Property, problem.Reason)
	}
	return nil
}

// newRecord returns the record of a parameter that no program has declared.
func (p *Parameters) newRecord(c iam.Caller, ref reference, in putInput) (store.Record[Parameter], error) {
	r := store.Record[Parameter]{
		ID: ref.name, Account: orElse(ref.account, p.account), Region: c.Region, Created: p.now(), Tags: map[string]string{},
		Inputs: Parameter{Name: ref.name, Type: in.Type, Value: in.Value, Description: in.Description, DataType: in.DataType, Tier: in.Tier},
	}
	if len(in.Tags) > 0 {
		if err := p.permit(c, "AddTagsToResource", parameterARN(r)); err != nil {
			return r, err
		}
		for _, t := range in.Tags {
			r.Tags[t.Key] = t.Value
		}
		r.Inputs.Tags = r.Tags
	}
	// In the local cloud, all accounts share the names.
	if other, err := store.Get[Parameter](p.db, Token, r.ID); err == nil {
		return r, awserr.New("ParameterAlreadyExists", "the local cloud already has a parameter %s in account %s, region %s: give this parameter another name", r.ID, other.Account, other.Region)
	} else if !errors.Is(err, store.ErrNotFound) {
		return r, err
	}
	return r, keepVersion(&r, nil, 1, p.now())
}

// overwrite makes a new version, even if the value stays the same.
func (p *Parameters) overwrite(old store.Record[Parameter], r *store.Record[Parameter]) error {
	if old.Inputs.Type != r.Inputs.Type {
		return awserr.New("HierarchyTypeMismatchException", "Parameter %s is a %s and cannot become a %s.", r.ID, old.Inputs.Type, r.Inputs.Type)
	}
	before, err := versionsOf(old)
	if err != nil {
		return err
	}
	return keepVersion(r, before, versionOf(old)+1, p.now())
}

// deleteParameter implements
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html.
func (p *Parameters) deleteParameter(_ context.Context, c iam.Caller, in struct{ Name string }) (*struct{}, error) {
	ref, err := p.parse(c, in.Name)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := p.find(c, "DeleteParameter", ref)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, store.Delete(p.db, Token, r.ID)
}

type labelInput struct {
	Name             string
	ParameterVersion int // 0 for the current one
	Labels           []string
}

type labelOutput struct {
	InvalidLabels    []string
	ParameterVersion int
}

var (
	labelForm     = regexp.MustCompile(`^[A-Za-z_.-][A-Za-z0-9_.-]{0,99}$`)
	reservedLabel = regexp.MustCompile(`^(?i:aws|ssm)`)
)

// label implements
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html.
// A label that another version has moves to this one.
func (p *Parameters) label(_ context.Context, c iam.Caller, in labelInput) (*labelOutput, error) {
	ref, err := p.parse(c, in.Name)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := p.find(c, "LabelParameterVersion", ref)
	if err != nil {
		return nil, err
	}
	number := in.ParameterVersion
	if number == 0 {
		number = versionOf(r)
	}
	if _, err := selected(r, strconv.Itoa(number)); err != nil {
		return nil, err
	}
	out := &labelOutput{InvalidLabels: []string{}, ParameterVersion: number}
	all, err := versionsOf(r)
	if err != nil {
		return nil, err
	}
	for _, label := range in.Labels {
		if !labelForm.MatchString(label) || reservedLabel.MatchString(label) {
			out.InvalidLabels = append(out.InvalidLabels, label)
			continue
		}
		for i := range all {
			all[i].Labels = slices.DeleteFunc(all[i].Labels, func(l string) bool { return l == label })
			if all[i].Version == number {
				all[i].Labels = append(all[i].Labels, label)
			}
			if len(all[i].Labels) > maxLabels {
				return nil, awserr.New("ParameterVersionLabelLimitExceeded", "A parameter version can have a maximum of ten labels.")
			}
		}
	}
	r.State = maps.Clone(r.State)
	if err := setVersions(&r, all); err != nil {
		return nil, err
	}
	return out, store.Put(p.db, Token, r.ID, r)
}
