package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"skiff/local/aws/awserr"
)

// Document is a policy document. Its grammar is at
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
type Document struct {
	Version   string
	ID        string
	Statement statements
}

type statement struct {
	Sid          string
	Effect       string
	Principal    json.RawMessage
	Action       words
	NotAction    words
	Resource     words
	NotResource  words
	Condition    map[string]map[string]words
	NotPrincipal json.RawMessage
}

// words is a string or a list of strings.
type words []string

func (w *words) UnmarshalJSON(data []byte) error {
	var one any
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	switch v := one.(type) {
	case string:
		*w = words{v}
	case bool:
		*w = words{fmt.Sprint(v)}
	case []any:
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return fmt.Errorf("%v is not a string", e)
			}
			*w = append(*w, s)
		}
	default:
		return fmt.Errorf("%v is neither a string nor a list of strings", one)
	}
	return nil
}

// statements is a statement or a list of statements.
type statements []statement

func (s *statements) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		return strict(data, (*[]statement)(s))
	}
	*s = make(statements, 1)
	return strict(data, &(*s)[0])
}

// strict refuses members that are not in the grammar, as IAM does.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is text after the document")
	}
	return nil
}

// kind says which members of the grammar a document may have.
type kind int

const (
	identityPolicy kind = iota // of a role: resources, no principal
	trustPolicy                // of a role: who may assume it; principals, no resource
	resourcePolicy             // of a queue, for example: both
)

// Parse parses a policy document. It returns an error for what AWS, or this
// package, does not support. A trust policy has principals and no resources; a
// role's policy has resources and no principals.
func Parse(text string, trust bool) (*Document, error) {
	if trust {
		return parse(text, trustPolicy)
	}
	return parse(text, identityPolicy)
}

// ParseResource parses a resource policy, which has principals and resources.
func ParseResource(text string) (*Document, error) { return parse(text, resourcePolicy) }

func parse(text string, of kind) (*Document, error) {
	var d Document
	if err := strict([]byte(text), &d); err != nil {
		return nil, awserr.New("MalformedPolicyDocument", "%w", err)
	}
	// Without a version, the version is 2008-10-17.
	if d.Version != "2012-10-17" && d.Version != "2008-10-17" && d.Version != "" {
		return nil, awserr.New("MalformedPolicyDocument", "Version must be 2012-10-17, not %q", d.Version)
	}
	if len(d.Statement) == 0 {
		return nil, awserr.New("MalformedPolicyDocument", "there is no Statement")
	}
	ids := map[string]bool{}
	for i, s := range d.Statement {
		if err := s.check(of); err != nil {
			return nil, awserr.New("MalformedPolicyDocument", "statement %d: %w", i+1, err)
		}
		if s.Sid != "" && ids[s.Sid] {
			return nil, awserr.New("MalformedPolicyDocument", "two statements have the Sid %s", s.Sid)
		}
		ids[s.Sid] = true
	}
	return &d, nil
}

func (s statement) check(of kind) error {
	hasResource := len(s.Resource) > 0 || len(s.NotResource) > 0
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return fmt.Errorf("Effect must be Allow or Deny, not %q", s.Effect)
	case len(s.Action) == 0 && len(s.NotAction) == 0:
		return errors.New("there is no Action")
	case len(s.Action) > 0 && len(s.NotAction) > 0:
		return errors.New("Action and NotAction exclude each other")
	case len(s.Resource) > 0 && len(s.NotResource) > 0:
		return errors.New("Resource and NotResource exclude each other")
	case s.NotPrincipal != nil:
		return errors.New("the local cloud does not support NotPrincipal")
	case of == trustPolicy && s.Principal == nil:
		return errors.New("a trust policy needs a Principal")
	case of == trustPolicy && hasResource:
		return errors.New("a trust policy has no Resource")
	case of == resourcePolicy && s.Principal == nil:
		return errors.New("a resource policy needs a Principal")
	case of == identityPolicy && s.Principal != nil:
		return errors.New("a role's policy has no Principal")
	case of != trustPolicy && !hasResource:
		return errors.New("there is no Resource")
	}
	return errors.Join(s.checkPrincipal(), s.checkWords(), s.checkConditions(of))
}

// checkPrincipal accepts "*", or an object of principal types and names.
func (s statement) checkPrincipal() error {
	if s.Principal == nil || string(s.Principal) == `"*"` {
		return nil
	}
	var kinds map[string]words
	if err := json.Unmarshal(s.Principal, &kinds); err != nil || len(kinds) == 0 {
		return fmt.Errorf(`the Principal %s is not of the form {"Service": "lambda.amazonaws.com"}`, s.Principal)
	}
	return nil
}

func (s statement) checkWords() error {
	for _, action := range slices.Concat(s.Action, s.NotAction) {
		if service, name, ok := strings.Cut(action, ":"); action != "*" && (!ok || service == "" || name == "") {
			return fmt.Errorf("action %q is not of the form service:Name", action)
		}
	}
	for _, resource := range slices.Concat(s.Resource, s.NotResource) {
		if resource != "*" && strings.Count(resource, ":") < 5 {
			return fmt.Errorf("resource %q is not an ARN", resource)
		}
		if err := checkVariables(resource); err != nil {
			return err
		}
	}
	return nil
}

// checkVariables refuses policy variables. They are not replaced here, so a
// statement with one would match nothing, not even in a Deny.
func checkVariables(word string) error {
	if strings.Contains(word, "${") {
		return fmt.Errorf("the local cloud does not support policy variables: %q", word)
	}
	return nil
}
