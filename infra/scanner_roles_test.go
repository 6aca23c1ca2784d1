package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"skiff/infra/recording"
)

// scannerRoles returns the rules on roles and their trust policies.
func scannerRoles() []scannerRule {
	roles := []string{roleType}
	return []scannerRule{
		{title: "a role trusts only named principals",
			ids:   "CKV_AWS_60 cfn-nag:F2 KICS:12b7e704-37f0-4d1e-911a-44bf60c48c21",
			types: roles, asks: forbids("assumeRolePolicy", trusts(`\*`), trustOf("AWS", "*"))},
		{title: "a role does not trust an account",
			ids:   "CKV_AWS_61 KICS:bcdcbdc6-a350-4855-ae7c-d1e6436f7c97",
			types: roles, asks: forbids("assumeRolePolicy", trusts(`:root$|^\*$`), trustOf("AWS", "arn:aws:iam::123456789012:root"))},
		{title: "a role's trust policy has no NotPrincipal", ids: "cfn-nag:F6", types: roles, asks: forbids("assumeRolePolicy",
			func(s map[string]any) bool { return s["NotPrincipal"] != nil },
			map[string]any{"Effect": "Allow", "Action": []any{"sts:AssumeRole"}, "NotPrincipal": map[string]any{"AWS": "x"}})},
		{title: "a role trusts a service only for its own account",
			ids:   "prowler:iam_role_cross_service_confused_deputy_prevention",
			types: roles, where: ofLambda,
			asks:   forbids("assumeRolePolicy", func(s map[string]any) bool { return s["Condition"] == nil }, trustOf("Service", "x")),
			except: unfollowed("Lambda sends no source account when it checks the role of a new function, so creating it would fail")},
		{title: "a role trusts no other account",
			ids:   "KICS:09c35abf-5852-4622-ac7a-b987b331232e prowler:iam_role_cross_account_readonlyaccess_policy",
			types: roles,
			asks:  forbids("assumeRolePolicy", trusts(`[0-9]{12}`), trustOf("AWS", "arn:aws:iam::123456789012:role/x"))},
		{title: "a role has no inline policies property", ids: "KICS:b1ffa705-19a3-4b73-b9d0-0c97d0663842", types: roles, asks: lacks("inlinePolicies")},
		{title: "a role belongs to one function", ids: "own:ROLE_PER_FUNCTION", types: roles, where: ofLambda, asks: ownRole()},
		{title: "a role has the boundary in the settings", ids: "own:ROLE_BOUNDARY", types: roles, asks: demand{
			func(s subject) bool {
				boundary, _ := s.input("permissionsBoundary").(string)
				return boundary == settingOf(s.rec, "permissionsBoundary")
			},
			func(s subject) { s.put("permissionsBoundary", "x") }}},
		{title: "a trust policy for an issuer checks audience and subject",
			ids:   "CKV_AWS_358 CKV_AWS_393 datadog:aws-iam-role-trust-policy-misconfigured-gitlab",
			types: roles, asks: forbids("assumeRolePolicy", func(s map[string]any) bool {
				return strings.Contains(fmt.Sprint(s["Principal"]), "Federated") &&
					!regexp.MustCompile(`:aud:.*:sub:`).MatchString(fmt.Sprint(s["Condition"])) // fmt sorts the keys
			}, trustOf("Federated", "x"))},
	}
}

// trusts returns a function that reports whether a statement names a principal
// that matches form.
func trusts(form string) func(map[string]any) bool {
	return func(s map[string]any) bool {
		named, ok := s["Principal"].(map[string]any)
		if !ok {
			named = map[string]any{"": s["Principal"]}
		}
		for _, value := range named {
			if slices.ContainsFunc(texts(value), regexp.MustCompile(form).MatchString) {
				return true
			}
		}
		return false
	}
}

// trustOf returns a statement that lets a principal assume a role.
func trustOf(kind, who string) map[string]any {
	return map[string]any{"Effect": "Allow", "Action": []any{"sts:AssumeRole"}, "Principal": map[string]any{kind: who}}
}

// ofLambda reports whether Lambda may assume the role.
func ofLambda(s subject) bool {
	return slices.ContainsFunc(statements(s.input("assumeRolePolicy")), trusts(`^lambda\.amazonaws\.com$`))
}

// ownRole wants exactly one function to have the role.
func ownRole() demand {
	return demand{func(s subject) bool {
		users := 0
		for _, f := range s.others(functionType) {
			if f.Inputs["role"] == s.res.Outputs["arn"] {
				users++
			}
		}
		return users == 1
	}, func(s subject) {
		s.rec.Resources[functionType+" x"] = recording.Resource{Type: functionType, Name: "x", Inputs: map[string]any{"role": s.res.Outputs["arn"]}}
	}}
}
