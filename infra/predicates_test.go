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
	return slices.Concat(policyPredicates(), storePredicates(), domainPredicates(), []predicate{
		{"exists when boundary configured", func(s subject) bool {
			return s.rec.Settings["skiff:permissionsBoundary"] == "" || s.value() != nil
		}, func(s subject) {
			s.rec.Settings["skiff:permissionsBoundary"] = "x"
			s.put(nil)
		}},
		{"equals:true when customDomain", func(s subject) bool {
			return len(s.rec.Of(domainType)) == 0 || s.value() == true
		}, without},
		{"exists", func(s subject) bool {
			if s.property == "tags" {
				return len(defaultTags(s.rec)) > 0
			}
			// Lambda reserves nothing for -1.
			return s.value() != nil && (s.property != "reservedConcurrentExecutions" || s.value() != -1.0)
		}, func(s subject) {
			s.put(nil)
			delete(s.rec.Of(accountType)["aws"].Inputs, "defaultTags")
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
			seconds, ok := s.rec.Of(functionType)[owner(s.res)].Inputs["timeout"].(float64)
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
			return s.res.Inputs["apiId"] != "api-id of sockets" || s.value() != nil
		}, func(s subject) {
			s.put(nil)
			s.res.Inputs["apiId"] = "api-id of sockets"
		}},
		{"isCMK", func(s subject) bool { return strings.Contains(s.text(), ":key/") }, without},
		{"related:", func(s subject) bool { return len(s.rec.Of(s.argument)) > 0 }, without},
		{"noSecrets", func(s subject) bool {
			for name, value := range nested(s.res, strings.Split(s.property, ".")...) {
				if secretive(name, fmt.Sprint(value)) {
					return false
				}
			}
			return true
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
			list, _ := s.value().([]any)
			for _, name := range strings.Split(s.argument, ",") {
				if s.property == "tags" && defaultTags(s.rec)[name] == nil || s.property != "tags" && !slices.Contains(list, any(name)) {
					return false
				}
			}
			return true
		}, func(s subject) {
			s.put(nil)
			delete(defaultTags(s.rec), "Project")
		}},
	})
}

// secretive tells whether a value looks like a secret, or goes by the name of
// one. Where a secret is, by its ARN, is none.
func secretive(name, value string) bool {
	return regexp.MustCompile(`AKIA[0-9A-Z]{16}|-----BEGIN`).MatchString(value) ||
		regexp.MustCompile(`(?i)secret|password|token|api_?key`).MatchString(name) && !strings.HasPrefix(value, "arn:aws:secretsmanager:")
}

// defaultTags are what the provider puts on every resource.
func defaultTags(r *recording.Stack) map[string]any {
	return nested(r.Of(accountType)["aws"], "defaultTags", "tags")
}
