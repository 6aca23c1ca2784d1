package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"skiff/infra/recording"
)

// scannerDomains returns the rules on certificates, domains, records and zones.
func scannerDomains() []scannerRule {
	certificates, domains, zones := []string{certificateType}, []string{domainType}, []string{zoneType}
	const tls = "domainNameConfiguration.securityPolicy"
	return []scannerRule{
		{title: "a new certificate exists before the old one is deleted", ids: "CKV_AWS_233", types: certificates, asks: demand{
			func(s subject) bool { return !s.res.DeletedFirst },
			func(s subject) { s.replace(func(res *recording.Resource) { res.DeletedFirst = true }) }}},
		{title: "a certificate is in the transparency logs",
			ids:   "CKV_AWS_234 prowler:acm_certificates_transparency_logs_enabled",
			types: certificates, asks: isNot("options.certificateTransparencyLoggingPreference", "DISABLED")},
		{title: "a certificate has only the wildcards in the settings", ids: "CKV2_AWS_71", types: certificates, asks: onlySetWildcards()},
		{title: "a certificate has a strong key",
			ids:   "FSBP:ACM.2 prowler:acm_certificates_with_secure_key_algorithms KICS:874d68a3-bfbe-4a4b-aaa0-9e74d7da634b",
			types: certificates, asks: is("keyAlgorithm", "RSA_2048", "EC_prime256v1", "EC_secp384r1")},
		{title: "a certificate renews itself",
			ids:   "FSBP:ACM.1 prowler:acm_certificates_expiration_check KICS:c3831315-5ae6-4fa8-b458-3d4d5ab7a3f6",
			types: certificates, asks: is("validationMethod", "DNS")},
		{title: "certificates are tagged", ids: "FSBP:ACM.3", types: certificates, asks: tagged()},
		{title: "a domain requires TLS 1.2 or later", ids: "AWS-0005 aws-api-gateway-use-secure-tls-policy", types: domains, asks: demand{
			func(s subject) bool {
				return s.input(tls) == "TLS_1_2" || strings.HasPrefix(s.text(tls), "SecurityPolicy_TLS13_")
			},
			func(s subject) { s.put(tls, "TLS_1_0") }}},
		{title: "a domain has post-quantum TLS", ids: "prowler:apigateway_domain_name_pqc_tls_enabled", types: domains, asks: demand{
			func(s subject) bool { ok, _ := path.Match("SecurityPolicy_TLS13_*_PQ_*", s.text(tls)); return ok },
			func(s subject) { s.put(tls, "x") }},
			except: unfollowed("HTTP and WebSocket APIs support only TLS_1_2, which includes TLS 1.3")},
		{title: "a domain has the policy TLS_1_2",
			ids:   "cfn-nag:W62 KICS:4e1cc5d3-2811-4fb2-861c-ee9b3cb7f90b CKV_AWS_206",
			types: domains, asks: is(tls, "TLS_1_2")},
		{title: "a record points to a declared domain",
			ids:   "CKV2_AWS_23 prowler:route53_dangling_ip_subdomain_takeover KICS:25db74bf-fa3b-44da-934e-8c3e005c0453",
			types: []string{recordType}, asks: leads()},
		{title: "a zone is signed", ids: "CKV2_AWS_38", types: zones, asks: accompanied("aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"),
			except: unfollowed("DNSSEC needs a key in us-east-1 and a record in the parent zone; with only one of them the domain does not resolve")},
		{title: "a zone logs its queries",
			ids: "CKV2_AWS_39 FSBP:Route53.2 KICS:7dbba512-e244-42dc-98bb-422339827967 " +
				"prowler:route53_public_hosted_zones_cloudwatch_logging_enabled",
			types: zones, asks: accompanied("aws:route53/queryLog:QueryLog"),
			except: unfollowed("the log group must be in us-east-1, and the queries are for public names")},
		{title: "zones are tagged", ids: "FSBP:Route53.1", types: zones, asks: tagged()},
		{title: "a zone with records is not deleted", ids: "own:R53_FORCE_DESTROY", types: zones, asks: isNot("forceDestroy", true)},
	}
}

// onlySetWildcards wants each wildcard to be an additional domain of the settings.
func onlySetWildcards() demand {
	return demand{func(s subject) bool {
		names, _ := s.input("subjectAlternativeNames").([]any)
		return !slices.ContainsFunc(append([]any{s.input("domainName")}, names...), func(name any) bool {
			return strings.HasPrefix(fmt.Sprint(name), "*.") && !slices.Contains(array(settingOf(s.rec, "additionalDomains")), name)
		})
	}, func(s subject) { s.put("subjectAlternativeNames", []any{"*.another.example"}) }}
}

// leads wants a record for validation or delegation, or an alias of one of the
// stack's domains. Another target could later belong to somebody else.
func leads() demand {
	return demand{func(s subject) bool {
		kind := s.input("type")
		if kind != "A" && kind != "AAAA" {
			return s.input("records") != nil
		}
		for _, d := range s.others(domainType) {
			target, _ := d.Outputs["domainNameConfiguration"].(map[string]any)
			if strings.Contains(s.text("aliases"), fmt.Sprintf("name:%v ", target["targetDomainName"])) {
				return true
			}
		}
		return false
	}, func(s subject) {
		s.put("type", "A")
		s.put("aliases", nil)
		s.put("records", []any{"192.0.2.1"})
	}}
}
