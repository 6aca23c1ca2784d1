package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// policyPredicates ask for what a policy does not say.
func policyPredicates() []predicate {
	var all []predicate
	for words, bad := range map[string]func(map[string]any) bool{
		"noAdmin":                func(s map[string]any) bool { return allows(s, `^\*(:\*)?$`) && anywhere(s) },
		"noStarAction":           func(s map[string]any) bool { return allows(s, `^\*$`) },
		"noServiceWildcard":      func(s map[string]any) bool { return allows(s, `^([a-z0-9-]+:)?\*$`) },
		"noIamStar":              func(s map[string]any) bool { return allows(s, `^(iam:)?\*$`) },
		"passRoleScoped":         func(s map[string]any) bool { return allows(s, `^(iam:(\*|PassRole))$|^\*$`) && anywhere(s) },
		"noKmsDecryptStar":       func(s map[string]any) bool { return allows(s, `^kms:(\*|Decrypt|ReEncrypt.*)$|^\*$`) && anywhere(s) },
		"noAction:dynamodb:Scan": func(s map[string]any) bool { return allows(s, `^(dynamodb:(\*|Scan|S\*))$|^\*$`) },
		"noNotActionNotResource": func(s map[string]any) bool { return s["NotAction"] != nil || s["NotResource"] != nil },
		"identityHasNoPrincipal": func(s map[string]any) bool { return s["Principal"] != nil },
		"noNotPrincipal":         func(s map[string]any) bool { return s["NotPrincipal"] != nil },
		"noStarPrincipal":        func(s map[string]any) bool { return strings.Contains(fmt.Sprint(s["Principal"]), "*") },
		"noCrossAccount": func(s map[string]any) bool {
			return regexp.MustCompile(`[0-9]{12}`).MatchString(fmt.Sprint(s["Principal"]))
		},
		"oidcSubExactAndAud": func(s map[string]any) bool {
			return strings.Contains(fmt.Sprint(s["Principal"]), "Federated") && s["Condition"] == nil
		},
		"noCredentialsExposure": func(s map[string]any) bool {
			return allows(s, `^\*$|^(sts:AssumeRole|iam:CreateAccessKey|secretsmanager:GetSecretValue|ecr:GetAuthorizationToken)`) && anywhere(s)
		},
		"noUnconstrainedDataRead": func(s map[string]any) bool {
			return allows(s, `^\*$|^[a-z0-9-]+:(Get|BatchGet|Query|Scan|Select|\*)`) && anywhere(s)
		},
		"noUnconstrainedWrite": func(s map[string]any) bool {
			return allows(s, `^\*$|^[a-z0-9-]+:(Put|Create|Update|Delete|Write|\*)`) && anywhere(s)
		},
		"noUnconstrainedPermissionsMgmt": func(s map[string]any) bool {
			return allows(s, `^\*$|^(iam|organizations):|Policy$|Permission$`) && anywhere(s)
		},
		"noPrivilegeEscalation": func(s map[string]any) bool {
			return allows(s, `^\*$|^iam:|^lambda:(\*|Create|Update|Add)|^sts:|^cloudformation:`)
		},
		"noStarResourceForRestrictable": func(s map[string]any) bool {
			return anywhere(s) && allows(s, `^\*$|^([^x].*|x[^r].*)$|^xray:(\*|Get.*|Delete.*)$`)
		},
		"noAccountRootPrincipalAllServices": func(s map[string]any) bool {
			return regexp.MustCompile(`:root|AWS:\*`).MatchString(fmt.Sprint(s["Principal"]))
		},
		"serviceTrustHasSourceAccount": func(s map[string]any) bool { return s["Condition"] == nil },
	} {
		all = append(all, predicate{"policy:" + words,
			func(s subject) bool { return !slices.ContainsFunc(s.statements(), bad) },
			func(s subject) { s.policy(worst) }})
	}
	return append(all, predicate{"policy:allows:", func(s subject) bool {
		for _, action := range strings.Split(s.argument, ",") {
			if !slices.ContainsFunc(s.statements(), func(st map[string]any) bool { return allows(st, "^"+action+"$") }) {
				return false
			}
		}
		return true
	}, func(s subject) { s.policy(`{"Statement":[]}`) }})
}

// worst is a policy that every rule on policies is against.
const worst = `{"Statement":[
	{"Effect":"Allow","Action":["*","dynamodb:Scan"],"Resource":"*","Principal":{"AWS":"*"}},
	{"Effect":"Allow","NotAction":["iam:*"],"NotResource":"x","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:root"}},
	{"Effect":"Allow","Action":["sts:AssumeRole"],"Principal":{"AWS":"arn:aws:iam::123456789012:root"}},
	{"Effect":"Allow","Action":["sts:AssumeRoleWithWebIdentity"],"Principal":{"Federated":"x"}}]}`

// statements are those of the policy that the property is; a function's role
// stands for the role's own.
func (s subject) statements() []map[string]any {
	if s.property == "role" {
		return statements(s.rec.Of(policyType)[s.res.Name].Inputs["policy"])
	}
	return statements(s.value())
}

func (s subject) policy(text string) {
	if s.property == "role" {
		s.rec.Of(policyType)[s.res.Name].Inputs["policy"] = text
		return
	}
	s.put(text)
}

// allows tells whether the statement allows an action of the form.
func allows(statement map[string]any, form string) bool {
	actions, _ := statement["Action"].([]any)
	return statement["Effect"] == "Allow" && slices.ContainsFunc(actions, func(action any) bool {
		return regexp.MustCompile(form).MatchString(fmt.Sprint(action))
	})
}

// anywhere tells whether the statement is for every resource.
func anywhere(statement map[string]any) bool { return statement["Resource"] == "*" }
