package iam

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"skiff/local/engine/provider"
)

// GetPolicyDocumentToken is the token of the function that builds a policy
// document.
const GetPolicyDocumentToken = "aws:iam/getPolicyDocument:getPolicyDocument"

// written is a document in the AWS provider's format: the members in this
// order, and one value instead of a list of one. It follows
// internal/service/iam/policy_model.go and policy_document_data_source.go of
// terraform-provider-aws 5.100.0.
type written struct {
	Version   string `json:",omitempty"`
	ID        string `json:"Id,omitempty"`
	Statement []writtenStatement
}

type writtenStatement struct {
	Sid          string `json:",omitempty"`
	Effect       string `json:",omitempty"`
	Action       any    `json:",omitempty"`
	NotAction    any    `json:",omitempty"`
	Resource     any    `json:",omitempty"`
	NotResource  any    `json:",omitempty"`
	Principal    any    `json:",omitempty"`
	NotPrincipal any    `json:",omitempty"`
	Condition    any    `json:",omitempty"`
}

// documentArgs are the arguments of the function.
type documentArgs struct {
	Version, PolicyID string
	Statements        []struct {
		Sid, Effect                                  string
		Actions, NotActions, Resources, NotResources []string
		Principals, NotPrincipals                    []struct {
			Type        string
			Identifiers []string
		}
		Conditions []struct {
			Test, Variable string
			Values         []string
		}
	}
	SourceJSON, OverrideJSON                       string
	SourcePolicyDocuments, OverridePolicyDocuments []string
}

// GetPolicyDocument implements aws.iam.GetPolicyDocument, which calls no AWS
// service.
func GetPolicyDocument(_ provider.Call, args map[string]any) (map[string]any, error) {
	data, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	var in documentArgs
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("the arguments of GetPolicyDocument: %w", err)
	}
	d := written{Version: "2012-10-17"}
	if err := d.mergeAll(in.SourceJSON, in.SourcePolicyDocuments); err != nil {
		return nil, err
	}
	d.merge(in.own())
	if err := d.mergeAll(in.OverrideJSON, in.OverridePolicyDocuments); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, err
	}
	small, err := json.Marshal(d)
	result := map[string]any{"json": string(text), "minifiedJson": string(small), "id": strconv.Itoa(int(crc32.ChecksumIEEE(text)))}
	for name, value := range args {
		result[name] = value
	}
	return result, err
}

// mergeAll merges JSON documents.
func (d *written) mergeAll(first string, more []string) error {
	for _, text := range append([]string{first}, more...) {
		if text == "" {
			continue
		}
		var other written
		if err := json.Unmarshal([]byte(text), &other); err != nil {
			return fmt.Errorf("GetPolicyDocument: a document to merge: %w", err)
		}
		d.merge(other)
	}
	return nil
}

// merge appends the statements of another document. A statement replaces an
// earlier one with the same Sid.
func (d *written) merge(other written) {
	d.Version, d.ID = cmp.Or(other.Version, d.Version), cmp.Or(other.ID, d.ID)
	for _, s := range other.Statement {
		i := slices.IndexFunc(d.Statement, func(held writtenStatement) bool { return s.Sid != "" && held.Sid == s.Sid })
		if i >= 0 {
			d.Statement[i] = s
		} else {
			d.Statement = append(d.Statement, s)
		}
	}
}

// own returns the document of the program's own statements.
func (in documentArgs) own() written {
	d := written{Version: in.Version, ID: in.PolicyID}
	for _, s := range in.Statements {
		w := writtenStatement{
			Sid: s.Sid, Effect: cmp.Or(s.Effect, "Allow"), Action: sorted(s.Actions), NotAction: sorted(s.NotActions),
			Resource: sorted(variables(s.Resources)), NotResource: sorted(variables(s.NotResources)),
		}
		principals, others, conditions := map[string]any{}, map[string]any{}, map[string]map[string]any{}
		for _, p := range s.Principals {
			principals[p.Type] = sorted(variables(p.Identifiers))
		}
		for _, p := range s.NotPrincipals {
			others[p.Type] = sorted(variables(p.Identifiers))
		}
		for _, c := range s.Conditions {
			if conditions[c.Test] == nil {
				conditions[c.Test] = map[string]any{}
			}
			conditions[c.Test][c.Variable] = single(variables(c.Values))
		}
		w.Principal, w.NotPrincipal = orAny(principals), orAny(others)
		if len(conditions) > 0 {
			w.Condition = conditions
		}
		d.Statement = append(d.Statement, w)
	}
	return d
}

// variables rewrites the policy variables of a program, which have the form
// &{...}.
func variables(values []string) []string {
	all := slices.Clone(values)
	for i, v := range all {
		all[i] = strings.ReplaceAll(v, "&{", "${")
	}
	return all
}

// sorted returns a set of values in reverse order, as the AWS provider does.
func sorted(values []string) any {
	all := slices.Clone(values)
	slices.Sort(all)
	slices.Reverse(all)
	return single(slices.Compact(all))
}

// single returns a list, its only value, or nil if it is empty.
func single(values []string) any {
	switch len(values) {
	case 0:
		return nil
	case 1:
		return values[0]
	}
	return values
}

// orAny returns principals by their type, or "*" if they are everyone.
func orAny(principals map[string]any) any {
	switch {
	case len(principals) == 0:
		return nil
	case len(principals) == 1 && principals["*"] == "*":
		return "*"
	}
	return principals
}
