package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"skiff/infra/recording"
)

// domainRules returns the rules of zones, certificates, domains and records.
// The stack local has no domain: a spoilt recording of it has a wrong resource
// more.
func domainRules() []rule {
	return []rule{
		{"a destroy keeps the zone", checkZone, change(zoneType+" zone", func(res *recording.Resource) { res.Type, res.Retained = zoneType, false })},
		{"a zone is protected as set", checkZone, change(zoneType+" zone", func(res *recording.Resource) {
			res.Type, res.Protected = zoneType, !res.Protected
		})},
		{"the certificate is for all domains", checkCertificate, add(certificateType, nil)},
		{"the wait for the certificate has a timeout", checkCertificate, change(validationType+" domains", func(res *recording.Resource) {
			res.Type, res.CreatedIn = validationType, ""
		})},
		{"a destroy keeps the validation records", checkProofs, add(recordType, map[string]any{"type": "CNAME", "name": "_proof.more.example", "allowOverwrite": true})},
		{"each domain has one validation record", checkProofs, add(recordType, map[string]any{"type": "CNAME", "name": "_proof.example"})},
		{"a domain is regional and requires TLS 1.2", checkDomainNames, add(domainType, map[string]any{
			"domainNameConfiguration": map[string]any{"endpointType": "EDGE", "securityPolicy": "TLS_1_0"}})},
		{"domains are created one after the other", checkDomainNames, change(domainType+" ws.staging.example.com", func(res *recording.Resource) {
			res.Type, res.Name, res.After = domainType, "sockets", nil
		})},
		{"a domain has A and AAAA records", checkAddresses, add(recordType, map[string]any{"type": "A", "name": "more.example"})},
		{"a domain is mapped to the stage of its API", checkMappings, add(mappingType, map[string]any{"stage": "stage-id of sockets"})},
	}
}

// named is a domain in the settings with the logical name of its API.
type named struct{ domain, api string }

// namedDomains returns the domains in the settings, or none if the zone is not
// delegated.
func namedDomains(settings map[string]string) (all []named) {
	if settings[own(settings, "domain")] == "" || settings[own(settings, "delegated")] == "false" {
		return nil
	}
	all = []named{{settings[own(settings, "domain")], "api"}}
	for _, name := range array(settings[own(settings, "additionalDomains")]) {
		all = append(all, named{fmt.Sprint(name), "api"})
	}
	if name := settings[own(settings, "socketDomain")]; name != "" {
		all = append(all, named{name, "sockets"})
	}
	return all
}

// proofs returns the names of the validation records in DNS, with their logical
// names. A wildcard shares the record of the name below it.
func proofs(settings map[string]string) map[string]string {
	all := map[string]string{}
	for _, d := range namedDomains(settings) {
		base := strings.TrimPrefix(d.domain, "*.")
		all["_proof."+base] = "proof-of-" + base
	}
	return all
}

// domainKeys returns the keys of everything that domains need.
func domainKeys(h held) (keys []string) {
	settings := h.Settings
	if settings[own(settings, "domain")] != "" && settings[own(settings, "createZone")] == "true" {
		keys = append(keys, zoneType+" zone")
		if settings[own(settings, "parentZone")] != "" {
			keys = append(keys, recordType+" delegation")
		}
	}
	domains := namedDomains(settings)
	if len(domains) > 0 {
		keys = append(keys, certificateType+" domains", validationType+" domains")
	}
	for _, record := range proofs(settings) {
		keys = append(keys, recordType+" "+record)
	}
	for _, d := range domains {
		keys = append(keys, domainType+" "+d.domain, mappingType+" "+d.domain, recordType+" "+d.domain+"-A", recordType+" "+d.domain+"-AAAA")
	}
	return keys
}

// zoneName returns the name of the zone, which defaults to the domain.
func zoneName(settings map[string]string) string {
	return cmp.Or(settings[own(settings, "zone")], settings[own(settings, "domain")])
}

func checkZone(h held) (offences []string) {
	for key, zone := range h.Of(zoneType) {
		offences = append(offences, differ(key+" named", zone.Inputs["name"], zoneName(h.Settings))...)
		offences = append(offences, differ(key+" protected", zone.Protected, h.set("protect"))...)
		offences = append(offences, differ(key+" retained", zone.Retained, true)...)
	}
	return offences
}

func checkCertificate(h held) (offences []string) {
	var want []string
	for _, d := range namedDomains(h.Settings) {
		want = append(want, d.domain)
	}
	for name, c := range h.Of(certificateType) {
		others, _ := c.Inputs["subjectAlternativeNames"].([]any)
		offences = append(offences, differ("names of the certificate "+name, append([]any{c.Inputs["domainName"]}, others...), want)...)
		offences = append(offences, differ(name, fmt.Sprint(c.Inputs["validationMethod"], c.Inputs["keyAlgorithm"]), "DNSRSA_2048")...)
	}
	for name, v := range h.Of(validationType) {
		offences = append(offences, differ("timeout of "+name, v.CreatedIn, "15m")...)
		offences = append(offences, differ("certificate of "+name, v.Inputs["certificateArn"], h.Of(certificateType)["domains"].Outputs["arn"])...)
		names, _ := v.Inputs["validationRecordFqdns"].([]any)
		for _, name := range names {
			if proofs(h.Settings)[fmt.Sprint(name)] == "" {
				offences = append(offences, fmt.Sprintf("%v is not a validation record of a domain", name))
			}
		}
		offences = append(offences, differ("number of validation records", len(names), len(proofs(h.Settings)))...)
	}
	return offences
}

// checkProofs wants one validation record for each name.
func checkProofs(h held) (offences []string) {
	got := map[string]string{}
	for name, record := range h.Of(recordType) {
		if record.Inputs["type"] == "CNAME" {
			got[fmt.Sprint(record.Inputs["name"])] = name
			offences = append(offences, differ(name+" overwrites", record.Inputs["allowOverwrite"], true)...)
			offences = append(offences, differ(name+" in zone", record.Inputs["zoneId"], zoneID(h))...)
			offences = append(offences, differ(name+" retained", record.Retained, true)...)
		}
	}
	return append(offences, differ("validation records", got, proofs(h.Settings))...)
}

// zoneID returns the id of the new or existing zone.
func zoneID(h held) string {
	if _, ok := h.Of(zoneType)["zone"]; ok {
		return "zone-id of zone"
	}
	return "zone-id of " + zoneName(h.Settings)
}

func checkDomainNames(h held) (offences []string) {
	want := map[string]string{}
	var before []string
	for _, d := range namedDomains(h.Settings) {
		want[d.domain] = d.domain
		made := h.Of(domainType)[d.domain]
		for _, key := range append(before, validationType+" domains") {
			if !slices.Contains(made.After, key) {
				offences = append(offences, d.domain+" does not depend on "+key)
			}
		}
		before = []string{domainType + " " + d.domain}
	}
	got := map[string]string{}
	for name, d := range h.Of(domainType) {
		got[name] = fmt.Sprint(d.Inputs["domainName"])
		offences = append(offences, differ(name, d.Inputs["domainNameConfiguration"], map[string]any{
			"certificateArn": h.Of(certificateType)["domains"].Outputs["arn"], "endpointType": "REGIONAL", "securityPolicy": "TLS_1_2", "ipAddressType": "dualstack"})...)
	}
	return append(offences, differ("domains", got, want)...)
}

func checkAddresses(h held) (offences []string) {
	want := map[string]string{}
	for _, d := range namedDomains(h.Settings) {
		for _, family := range []string{"A", "AAAA"} {
			want[d.domain+"-"+family] = fmt.Sprintf("%s %s in %s to [map[evaluateTargetHealth:false name:%s.target.mock.amazonaws.com zoneId:zone-id of API Gateway]]",
				d.domain, family, zoneID(h), d.domain)
		}
	}
	got := map[string]string{}
	for name, record := range h.Of(recordType) {
		if family := record.Inputs["type"]; family == "A" || family == "AAAA" {
			got[name] = fmt.Sprintf("%v %v in %v to %v", record.Inputs["name"], family, record.Inputs["zoneId"], record.Inputs["aliases"])
		}
	}
	return differ("addresses", got, want)
}

func checkMappings(h held) (offences []string) {
	var path any
	if base := h.set("basePath"); base != "" {
		path = base
	}
	want := map[string]string{}
	for _, d := range namedDomains(h.Settings) {
		want[d.domain] = fmt.Sprintf("domainName-id of %s at %v to stage-id of %s of api-id of %[3]s", d.domain, path, d.api)
	}
	got := map[string]string{}
	for name, m := range h.Of(mappingType) {
		got[name] = fmt.Sprintf("%v at %v to %v of %v", m.Inputs["domainName"], m.Inputs["apiMappingKey"], m.Inputs["stage"], m.Inputs["apiId"])
		offences = append(offences, differ(name+" protected", m.Protected, h.set("protect"))...)
	}
	return append(offences, differ("mappings", got, want)...)
}
