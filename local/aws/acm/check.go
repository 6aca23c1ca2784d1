package acm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"skiff/local/engine/provider"
)

// Limits of https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
// in characters, and the quota of
// https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html.
const (
	maxCommonName = 64
	maxName       = 253
	maxNames      = 10
)

// A wildcard is the first label, and stands for one.
var nameForm = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)

// keyAlgorithms are those that ACM issues public certificates for
// (https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html).
func keyAlgorithms() []string { return []string{"RSA_2048", "EC_prime256v1", "EC_secp384r1"} }

func checkCertificate(in Certificate) []provider.Problem {
	var problems []provider.Problem
	refuse := func(property, format string, args ...any) {
		problems = append(problems, provider.Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
	}
	if in.DomainName != "" {
		if reason := nameProblem(in.DomainName); reason != "" {
			refuse("domainName", "%s", reason)
		} else if n := len(in.DomainName); n > maxCommonName {
			refuse("domainName", "%s has %d characters; at most %d: a longer one can stand in subjectAlternativeNames", in.DomainName, n, maxCommonName)
		}
	}
	for i, name := range in.SubjectAlternativeNames {
		if reason := nameProblem(name); reason != "" {
			refuse(fmt.Sprintf("subjectAlternativeNames[%d]", i), "%s", reason)
		}
	}
	if n := len(names(in)); n > maxNames {
		refuse("subjectAlternativeNames", "with domainName there are %d names; ACM's quota is %d a certificate", n, maxNames)
	}
	if m := in.ValidationMethod; m != "" && m != "DNS" {
		refuse("validationMethod", "%q is not DNS, the one method of the local cloud", m)
	}
	if a := in.KeyAlgorithm; a != "" && !slices.Contains(keyAlgorithms(), a) {
		refuse("keyAlgorithm", "%q is none of %s", a, strings.Join(keyAlgorithms(), ", "))
	}
	if in.Options != nil {
		if p := in.Options.CertificateTransparencyLoggingPreference; p != "" && p != "ENABLED" && p != "DISABLED" {
			refuse("options.certificateTransparencyLoggingPreference", "%q is neither ENABLED nor DISABLED", p)
		}
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
