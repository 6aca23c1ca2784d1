package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"skiff/infra/recording"
)

// predicate tells whether a resource is what the words of a check ask for, and
// makes it something else.
type predicate struct {
	words string
	holds func(subject) bool
	spoil func(subject)
}

// predicates are in the order that they are looked for in.
func predicates() []predicate {
	without := func(s subject) { s.put(nil) }
	with := func(value any) func(subject) { return func(s subject) { s.put(value) } }
	return append(policyPredicates(), []predicate{
		{"exists when boundary configured", func(s subject) bool {
			return s.rec.Settings["skiff:boundary"] == "" || s.value() != nil
		}, func(s subject) { s.rec.Settings["skiff:boundary"] = "x" }},
		{"equals:true when customDomain", func(s subject) bool {
			return len(s.rec.Of("aws:apigatewayv2/domainName:DomainName")) == 0 || s.value() == true
		}, func(s subject) {
			s.rec.Resources["domain"] = recording.Resource{Type: "aws:apigatewayv2/domainName:DomainName"}
		}},
		{"exists", func(s subject) bool {
			if s.property == "tags" {
				return len(defaultTags(s.rec)) > 0
			}
			// Lambda reserves nothing for -1.
			return s.value() != nil && (s.property != "reservedConcurrentExecutions" || s.value() != -1.0)
		}, func(s subject) {
			s.put(nil)
			delete(s.rec.Of(providerType)["aws"].Inputs, "defaultTags")
		}},
		{"absent", func(s subject) bool { return s.value() == nil }, with("x")},
		{"equals:", func(s subject) bool { return s.text() == s.argument }, with("x")},
		{"in:", func(s subject) bool { return slices.Contains(strings.Split(s.argument, ","), s.text()) }, with("x")},
		{"notEquals:", func(s subject) bool { return s.text() != s.argument }, func(s subject) { s.put(s.argument) }},
		{"notEmpty", func(s subject) bool { list, _ := s.value().([]any); return len(list) > 0 }, without},
		{"notRegex:", func(s subject) bool {
			return !regexp.MustCompile(strings.Trim(s.argument, "/")).MatchString(s.text())
		}, with("arn:aws:execute-api:mock:123456789012:api/*/*")},
		{"min:", func(s subject) bool {
			least, _ := strconv.ParseFloat(strings.TrimSuffix(s.argument, " or 0"), 64)
			n, ok := s.value().(float64)
			return ok && (n >= least || n == 0)
		}, with(1.0)},
		{"range:50..30000 and >= lambda.timeout*1000", func(s subject) bool {
			ms, _ := s.value().(float64)
			seconds, ok := s.rec.Of(functionType)[s.res.Name].Inputs["timeout"].(float64)
			return ok && ms >= 50 && ms <= 30_000 && ms >= seconds*1000
		}, with(51.0)},
		{"range:1..29", func(s subject) bool {
			n, _ := s.value().(float64)
			return n >= 1 && n <= 29
		}, with(30.0)},
		{"ifExists:min:", func(s subject) bool {
			list, ok := s.value().([]any)
			return !ok || len(list) >= 2
		}, with([]any{"one"})},
		{"ifPresent(environment):exists", func(s subject) bool {
			return s.res.Inputs["environment"] == nil || s.value() != nil
		}, without},
		{"ifProtocol(WEBSOCKET):", func(s subject) bool {
			return s.rec.Of(apiType)["api"].Inputs["protocolType"] != "WEBSOCKET" || s.value() != nil
		}, func(s subject) { s.rec.Of(apiType)["api"].Inputs["protocolType"] = "WEBSOCKET" }},
		{"isCMK", func(s subject) bool { return strings.Contains(s.text(), ":key/") }, without},
		{"related:", func(s subject) bool { return len(s.rec.Of(s.argument)) > 0 }, without},
		{"noSecrets", func(s subject) bool {
			return !regexp.MustCompile(`AKIA[0-9A-Z]{16}|-----BEGIN|(?i)(secret|password|token|api_?key)[a-z_]*:`).MatchString(s.text())
		}, with(map[string]any{"DB_PASSWORD": "x"})},
		{"notContainsWith(*,allowCredentials)", func(s subject) bool {
			cors := nested(s.res, "corsConfiguration")
			return cors["allowCredentials"] != true || !strings.Contains(fmt.Sprint(cors["allowOrigins"]), "*")
		}, func(s subject) {
			s.res.Inputs["corsConfiguration"] = map[string]any{"allowOrigins": []any{"*"}, "allowCredentials": true}
		}},
		{"sumPerFunction:max:20480B", func(s subject) bool {
			size := 0
			for _, p := range s.rec.Of(permissionType) {
				if p.Inputs["function"] == s.res.Inputs["function"] {
					text, _ := json.Marshal(p.Inputs)
					size += len(text)
				}
			}
			return size <= 20480
		}, func(s subject) { s.res.Inputs["sourceArn"] = strings.Repeat("a", 20480) }},
		{"setEquals:keys+index keys", func(s subject) bool { return len(checkKeys(s.rec)) == 0 }, with([]any{})},
		{"oneRolePerFunction", func(s subject) bool {
			users := 0
			for _, f := range s.rec.Of(functionType) {
				if f.Inputs["role"] == s.res.Outputs["arn"] {
					users++
				}
			}
			return users == 1
		}, func(s subject) { s.rec.Of(functionType)["health"].Inputs["role"] = "another" }},
		{"contains:", func(s subject) bool {
			tags := defaultTags(s.rec)
			for _, name := range strings.Split(s.argument, ",") {
				if tags[name] == nil {
					return false
				}
			}
			return true
		}, func(s subject) { delete(defaultTags(s.rec), "Project") }},
	}...)
}

// defaultTags are what the provider puts on every resource.
func defaultTags(r *recording.Stack) map[string]any {
	return nested(r.Of(providerType)["aws"], "defaultTags", "tags")
}

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
