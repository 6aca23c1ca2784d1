package acm

import (
	"fmt"
	"regexp"
	"strings"

	"skiff/local/engine/provider"
)

// Limits in characters, by
// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html.
// maxNames is a quota of
// https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html.
const (
	maxCommonName = 64
	maxName       = 253
	maxNames      = 10
)

// A wildcard is the first label, and matches one label.
var nameForm = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)

// keyAlgorithms lists the key algorithms of ACM's public certificates
// (https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html).
func keyAlgorithms() []string { return []string{"RSA_2048", "EC_prime256v1", "EC_secp384r1"} }

func checkCertificate(in Certificate) []provider.Problem {
	var problems provider.Problems
	if in.DomainName != "" {
		if reason := nameProblem(in.DomainName); reason != "" {
			problems.Add("domainName", "%s", reason)
		} else if n := len(in.DomainName); n > maxCommonName {
			problems.Add("domainName", "%s has %d characters; at most %d: a longer name can be in subjectAlternativeNames", in.DomainName, n, maxCommonName)
		}
	}
	for i, name := range in.SubjectAlternativeNames {
		if reason := nameProblem(name); reason != "" {
			problems.Add(fmt.Sprintf("subjectAlternativeNames[%d]", i), "%s", reason)
		}
	}
	if n := len(names(in)); n > maxNames {
		problems.Add("subjectAlternativeNames", "with domainName there are %d names; ACM's quota is %d a certificate", n, maxNames)
	}
	if m := in.ValidationMethod; m != "" && m != "DNS" {
		problems.Add("validationMethod", "%q is not supported: the local cloud validates by DNS only", m)
	}
	problems.OneOf("keyAlgorithm", in.KeyAlgorithm, keyAlgorithms()...)
	if in.Options != nil {
		problems.OneOf("options.certificateTransparencyLoggingPreference", in.Options.CertificateTransparencyLoggingPreference, "ENABLED", "DISABLED")
	}
	return problems
}

func nameProblem(name string) string {
	switch {
	case strings.HasSuffix(name, "."):
		return fmt.Sprintf("%q cannot end with a period", name)
	case len(name) > maxName:
		return fmt.Sprintf("%q has %d characters; at most %d", name, len(name), maxName)
	case !nameForm.MatchString(name):
		return fmt.Sprintf("%q is not a domain name such as api.example.com or *.example.com", name)
	}
	return ""
}
