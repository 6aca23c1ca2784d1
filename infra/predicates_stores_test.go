package main

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"skiff/infra/recording"
)

// storePredicates are those of queues, secrets and parameters.
func storePredicates() []predicate {
	return []predicate{
		{"dlq:equals:", func(s subject) bool {
			return !s.dead() || s.value() == number(s.argument)
		}, func(s subject) { s.put(1.0) }},
		{"redrives:", func(s subject) bool {
			times, _ := object(s.text())["maxReceiveCount"].(float64)
			return s.dead() || times >= number(s.argument)
		}, func(s subject) { s.put(nil) }},
		{"min:6*lambda.timeout", func(s subject) bool {
			hidden, _ := s.value().(float64)
			for name, w := range s.rec.Of(workerType) {
				seconds, ok := s.rec.Of(functionType)[name].Inputs["timeout"].(float64)
				if w.Inputs["eventSourceArn"] == s.res.Outputs["arn"] && (!ok || hidden < 6*seconds) {
					return false
				}
			}
			return true
		}, func(s subject) { s.put(1.0) }},
		{"anySet", func(s subject) bool {
			return slices.ContainsFunc(strings.Split(s.property, "|"), func(name string) bool {
				value := s.res.Inputs[name]
				return value != nil && value != "" && value != false
			})
		}, func(s subject) {
			for _, name := range strings.Split(s.property, "|") {
				delete(s.res.Inputs, name)
			}
		}},
		{"usedByAtLeastOneFunction", func(s subject) bool {
			for _, p := range s.rec.Of(policyType) {
				if strings.Contains(fmt.Sprint(p.Inputs["policy"]), fmt.Sprintf("%q", s.res.Outputs["arn"])) {
					return true
				}
			}
			return false
		}, func(s subject) { s.res.Outputs["arn"] = "arn of nothing" }},
		{"range:7..30 or 0", func(s subject) bool {
			days, ok := s.value().(float64)
			return ok && (days == 0 || days >= 7 && days <= 30)
		}, func(s subject) { s.put(6.0) }},
		{"equals:SecureString unless non-secret", func(s subject) bool {
			return s.value() == "SecureString" || !secretive(s.res.Name, fmt.Sprint(s.res.Inputs["value"]))
		}, func(s subject) { s.res.Inputs["value"] = "-----BEGIN PRIVATE KEY-----" }},
		{"exists when SecureString", func(s subject) bool {
			return s.res.Inputs["type"] != "SecureString" || s.value() != nil
		}, func(s subject) { s.res.Inputs["type"] = "SecureString" }},
	}
}

// dead tells whether the queue is another one's dead-letter queue.
func (s subject) dead() bool {
	for _, q := range s.rec.Of(queueType) {
		if object(q.Inputs["redrivePolicy"])["deadLetterTargetArn"] == s.res.Outputs["arn"] {
			return true
		}
	}
	return false
}

// number is that of a text; of a text that is none, one that nothing reaches.
func number(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 1e300
	}
	return n
}

// domainPredicates are those of certificates, domains and records.
func domainPredicates() []predicate {
	return []predicate{
		{"pulumi:createBeforeDelete", func(s subject) bool { return !s.res.DeletedFirst },
			func(s subject) {
				change(s.res.Key(), func(res *recording.Resource) { res.DeletedFirst = true })(s.rec)
			}},
		{"notContains:", func(s subject) bool {
			for _, name := range strings.Split(s.property, ",") {
				if strings.Contains(fmt.Sprint(s.res.Inputs[name]), s.argument) {
					return false
				}
			}
			return true
		}, func(s subject) { s.res.Inputs["subjectAlternativeNames"] = []any{"*.example.com"} }},
		{"glob:", func(s subject) bool {
			matched, err := path.Match(s.argument, s.text())
			return err == nil && matched
		}, func(s subject) { s.put("x") }},
		{"leadsToWhatIsDeclared", func(s subject) bool {
			for _, d := range s.rec.Of(domainType) {
				target := d.Outputs["domainNameConfiguration"].(map[string]any)["targetDomainName"]
				if strings.Contains(fmt.Sprint(s.res.Inputs["aliases"]), fmt.Sprintf("name:%v ", target)) {
					return true
				}
			}
			kind := s.res.Inputs["type"]
			return kind != "A" && kind != "AAAA" && s.res.Inputs["records"] != nil
		}, func(s subject) {
			s.res.Inputs["aliases"], s.res.Inputs["records"] = nil, []any{"192.0.2.1"}
		}},
	}
}
