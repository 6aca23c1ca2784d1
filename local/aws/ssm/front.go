package ssm

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/awsjson"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// Handler returns the endpoint that functions and people call.
func (p *Parameters) Handler() http.Handler {
	return &awsjson.Handler{
		Version: "1.1", Prefix: "AmazonSSM", MaxBytes: 1 << 20, Authority: p.authority,
		Operations: map[string]awsjson.Operation{
			"DeleteParameter":       awsjson.Of(p.deleteParameter),
			"GetParameter":          awsjson.Of(p.getParameter),
			"GetParameters":         awsjson.Of(p.getParameters),
			"GetParametersByPath":   awsjson.Of(p.getByPath),
			"LabelParameterVersion": awsjson.Of(p.label),
			"PutParameter":          awsjson.Of(p.putParameter),
		},
	}
}

func notFound(name string) error {
	return awserr.New("ParameterNotFound", "Parameter %s not found.", name)
}

// reference names a parameter in a call: a name or ARN, then optionally a colon
// and a version or label
// (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html).
type reference struct {
	name, selector, account string // the account in the ARN, or the caller's; "" for any
}

func (p *Parameters) parse(c iam.Caller, text string) (reference, error) {
	ref := reference{account: c.Account()}
	if strings.HasPrefix(text, "arn:") {
		parts, _ := arn.Parse(text)
		end, isParameter := strings.CutPrefix(parts.Resource, "parameter/")
		if parts.Service != "ssm" || parts.Region != c.Region || !isParameter {
			return ref, awserr.New("ValidationException", "%q is not the ARN of a parameter in %s.", text, c.Region)
		}
		ref.account, text = parts.AccountID, p.pathOf(end)
	}
	ref.name, ref.selector, _ = strings.Cut(text, ":")
	if ref.name == "" {
		return ref, awserr.New("ValidationException", "The parameter name is required.")
	}
	return ref, nil
}

// pathOf returns the name at the end of an ARN, which leaves out a leading
// slash. A name of one level may be a path or a plain name; the plain name is
// used if it exists.
func (p *Parameters) pathOf(end string) string {
	name, _, _ := strings.Cut(end, ":")
	if _, err := store.Get[Parameter](p.db, Token, name); err == nil {
		return end
	}
	return "/" + end
}

// find authorizes an action on a parameter and returns it. Only a caller who
// may use the parameter learns that it is missing.
func (p *Parameters) find(c iam.Caller, action string, ref reference) (store.Record[Parameter], error) {
	r, err := store.Get[Parameter](p.db, Token, ref.name)
	if err == nil && (r.Region != c.Region || ref.account != "" && r.Account != ref.account) {
		err = store.ErrNotFound
	}
	wanted := r
	if err != nil {
		wanted = store.Record[Parameter]{ID: ref.name, Account: ref.account, Region: c.Region}
	}
	if err := p.permit(c, action, parameterARN(wanted)); err != nil {
		return r, err
	}
	if errors.Is(err, store.ErrNotFound) {
		return r, notFound(ref.name)
	}
	return r, err
}

// permit passes an empty policy, so only the parameter's own account has
// access.
func (p *Parameters) permit(c iam.Caller, action, resource string) error {
	return p.authority.Authorize(c, iam.Request{Action: "ssm:" + action, Resource: resource, Policy: &iam.Document{}})
}

// parameter is a parameter as calls return it.
type parameter struct {
	ARN, DataType    string
	LastModifiedDate float64 // Unix time
	Name             string
	Selector         string `json:",omitzero"`
	Type, Value      string
	Version          int
}

func answer(r store.Record[Parameter], selector string, decrypt bool) (*parameter, error) {
	v, err := selected(r, selector)
	if err != nil {
		return nil, err
	}
	out := &parameter{
		ARN: parameterARN(r), DataType: "text", LastModifiedDate: seconds(v.Modified), Name: r.ID,
		Type: r.Inputs.Type, Value: shown(r, v.Value, v.Version, decrypt), Version: v.Version,
	}
	if selector != "" {
		out.Selector = ":" + selector
	}
	return out, nil
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

type getInput struct {
	Name           string
	WithDecryption bool
}

type getOutput struct{ Parameter *parameter }

// getParameter implements
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html.
func (p *Parameters) getParameter(_ context.Context, c iam.Caller, in getInput) (*getOutput, error) {
	ref, err := p.parse(c, in.Name)
	if err != nil {
		return nil, err
	}
	r, err := p.find(c, "GetParameter", ref)
	if err != nil {
		return nil, err
	}
	out, err := answer(r, ref.selector, in.WithDecryption)
	return &getOutput{out}, err
}

type getManyInput struct {
	Names          []string
	WithDecryption bool
}

type getManyOutput struct {
	Parameters        []*parameter
	InvalidParameters []string
}

// maxPage is the most parameters that a call returns.
const maxPage = 10

// getParameters implements
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html.
// Missing parameters are listed. One that the caller may not read fails the
// whole call.
func (p *Parameters) getParameters(_ context.Context, c iam.Caller, in getManyInput) (*getManyOutput, error) {
	if n := len(in.Names); n < 1 || n > maxPage {
		return nil, awserr.New("ValidationException", "1 validation error detected: Value at 'names' failed to satisfy constraint: it has %d members; it must have 1 to %d", n, maxPage)
	}
	out := &getManyOutput{Parameters: []*parameter{}, InvalidParameters: []string{}}
	for _, name := range in.Names {
		ref, err := p.parse(c, name)
		if err != nil {
			return nil, err
		}
		r, err := p.find(c, "GetParameters", ref)
		var found *parameter
		if err == nil {
			found, err = answer(r, ref.selector, in.WithDecryption)
		}
		switch {
		case err == nil:
			out.Parameters = append(out.Parameters, found)
		case awserr.Is(err, "ParameterNotFound"), awserr.Is(err, "ParameterVersionNotFound"):
			out.InvalidParameters = append(out.InvalidParameters, name)
		default:
			return nil, err
		}
	}
	return out, nil
}

type pathInput struct {
	Path                      string
	Recursive, WithDecryption bool
	MaxResults                int
	NextToken                 string
	ParameterFilters          []any
}

type pathOutput struct {
	Parameters []*parameter
	NextToken  string `json:",omitzero"`
}

// getByPath implements
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html,
// without filters. A right to a path includes everything below it.
func (p *Parameters) getByPath(_ context.Context, c iam.Caller, in pathInput) (*pathOutput, error) {
	path := strings.TrimSuffix(in.Path, "/") + "/"
	switch {
	case !strings.HasPrefix(in.Path, "/"):
		return nil, awserr.New("ValidationException", "The parameter path must begin with a slash, not %q.", in.Path)
	case len(in.ParameterFilters) > 0:
		return nil, awserr.New("InvalidFilterKey", "the local cloud does not support ParameterFilters: it lists everything below a path")
	case in.MaxResults < 0 || in.MaxResults > maxPage:
		return nil, awserr.New("ValidationException", "MaxResults is %d; it must be 1 to %d", in.MaxResults, maxPage)
	}
	after, err := base64.StdEncoding.DecodeString(in.NextToken)
	if err != nil {
		return nil, awserr.New("InvalidNextToken", "The specified token isn't valid.")
	}
	if err := p.permit(c, "GetParametersByPath", arn.New("ssm", c.Region, c.Account(), "parameter"+in.Path)); err != nil {
		return nil, err
	}
	all, err := store.List[Parameter](p.db, Token)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(r store.Record[Parameter]) bool {
		rest, below := strings.CutPrefix(r.ID, path)
		return !below || !in.Recursive && strings.Contains(rest, "/") || r.ID <= string(after) ||
			r.Region != c.Region || c.Account() != "" && r.Account != c.Account()
	})
	slices.SortFunc(all, func(a, b store.Record[Parameter]) int { return strings.Compare(a.ID, b.ID) })
	out := &pathOutput{Parameters: []*parameter{}}
	size := in.MaxResults
	if size == 0 {
		size = maxPage
	}
	if len(all) > size {
		all = all[:size]
		out.NextToken = base64.StdEncoding.EncodeToString([]byte(all[size-1].ID))
	}
	for _, r := range all {
		found, err := answer(r, "", in.WithDecryption)
		if err != nil {
			return nil, err
		}
		out.Parameters = append(out.Parameters, found)
	}
	return out, nil
}
