package route53

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// recordTypes are listed at
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html.
func recordTypes() []string {
	return []string{"A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"}
}

// Limits in characters, by
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#TXTFormat.
const (
	maxString = 255
	maxText   = 4000
)

var (
	caaForm  = regexp.MustCompile(`^(\d{1,3}) [A-Za-z0-9]{1,255} "[^"]*"$`)
	textForm = regexp.MustCompile(`^"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*$`)
	partForm = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// quoted adds the quotation marks that the provider adds to the value of a TXT
// record.
func quoted(recordType, value string) string {
	if recordType == "TXT" || recordType == "SPF" {
		return `"` + value + `"`
	}
	return value
}

// valueProblem describes what is wrong with one value of a record, or returns
// "". recordType is "" while it is unknown.
func valueProblem(recordType, value string) string {
	if recordType == "" {
		return ""
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Sprintf("%q has a control character", value)
	}
	switch recordType {
	case "A", "AAAA":
		if a, err := netip.ParseAddr(value); err != nil || a.Is4() != (recordType == "A") || a.Zone() != "" {
			return fmt.Sprintf("%q is not an %s address", value, map[string]string{"A": "IPv4", "AAAA": "IPv6"}[recordType])
		}
	case "CNAME", "NS", "PTR":
		if reason := nameProblem(normal(value), false); reason != "" {
			return reason
		}
	case "MX":
		priority, host, _ := strings.Cut(value, " ")
		if _, err := strconv.ParseUint(priority, 10, 16); err != nil || nameProblem(normal(host), false) != "" {
			return fmt.Sprintf("%q must be a priority of 0 to 65535 and a domain name, such as 10 mail.example.com", value)
		}
	case "CAA":
		m := caaForm.FindStringSubmatch(value)
		if m == nil {
			return fmt.Sprintf(`%q must be flags, a tag and a quoted value, such as 0 issue "amazon.com"`, value)
		}
		if flags, _ := strconv.Atoi(m[1]); flags > 255 {
			return fmt.Sprintf("%q has the flags %d; at most 255", value, flags)
		}
	case "TXT", "SPF":
		return textProblem(value)
	}
	if _, err := rr("example.com", recordType, 0, value); err != nil {
		return fmt.Sprintf("%q is not the value of a %s record: %v", value, recordType, err)
	}
	return ""
}

func textProblem(value string) string {
	text := quoted("TXT", value)
	if !textForm.MatchString(text) {
		return fmt.Sprintf(`%q contains a quotation mark: escape it as \", or separate strings by "" (the provider adds the outer marks)`, value)
	}
	if len(text) > maxText {
		return fmt.Sprintf("has %d characters; at most %d", len(text), maxText)
	}
	for _, part := range partForm.FindAllStringSubmatch(text, -1) {
		if n := len(part[1]); n > maxString {
			return fmt.Sprintf(`has a string of %d characters; at most %d: separate it by ""`, n, maxString)
		}
	}
	return ""
}

// rr parses one resource record. ttl is in seconds.
func rr(name, recordType string, ttl int, value string) (dns.RR, error) {
	record, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", dns.Fqdn(name), ttl, recordType, quoted(recordType, value)))
	if err == nil && record == nil {
		err = fmt.Errorf("it is empty")
	}
	return record, err
}
