package route53

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
)

// Limits in characters, without a trailing dot, by
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html.
const (
	maxLabel = 63
	maxName  = 253
)

// labelForm leaves out characters that Route 53 accepts as octal codes. No host
// of an API has them.
var labelForm = regexp.MustCompile(`^[a-z0-9_-]{1,63}$`)

// normal returns a domain name as the provider returns it: in lower case and
// without a trailing dot. Route 53 treats names with and without the dot as
// equal.
func normal(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// nameProblem describes what is wrong with a normal domain name, or returns "".
// A wildcard must be the whole first label.
func nameProblem(name string, wildcards bool) string {
	if len(name) > maxName {
		return fmt.Sprintf("%q has %d characters; at most %d", name, len(name), maxName)
	}
	for i, label := range strings.Split(name, ".") {
		switch {
		case wildcards && i == 0 && label == "*":
		case len(label) > maxLabel:
			return fmt.Sprintf("%q has a label of %d characters; at most %d", name, len(label), maxLabel)
		case !labelForm.MatchString(label):
			return fmt.Sprintf("%q is not a domain name: its label %q must be letters, digits, - and _", name, label)
		}
	}
	return ""
}

// within reports whether a name is the zone's own or below it.
func within(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }

// parents returns the names above a normal name, the closest first, without the
// root.
func parents(name string) []string {
	var all []string
	for {
		_, above, ok := strings.Cut(name, ".")
		if !ok {
			return all
		}
		all, name = append(all, above), above
	}
}

// nameServers returns the four servers of a zone, the primary one first, in the
// form of
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/GetInfoAboutHostedZone.html.
// They derive from the zone's id. So they survive a restart, and two zones of
// the same name have different servers.
func nameServers(zoneID string) []string {
	sum := sha256.Sum256([]byte(zoneID))
	var all []string
	for i, domain := range []string{"com", "net", "org", "co.uk"} {
		n := binary.BigEndian.Uint16(sum[2*i:])%512 + uint16(512*i)
		all = append(all, fmt.Sprintf("ns-%d.awsdns-%02d.%s", n, sum[8+i]%64, domain))
	}
	first := int(sum[12]) % len(all)
	all[0], all[first] = all[first], all[0]
	return all
}

var serverForm = regexp.MustCompile(`^ns-\d{1,4}\.awsdns-\d\d\.(com|net|org|co\.uk)$`)
