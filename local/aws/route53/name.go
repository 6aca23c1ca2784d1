package route53

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
)

// Limits of https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
// in characters, without a dot at the end.
const (
	maxLabel = 63
	maxName  = 253
)

// Route 53 takes other characters too, escaped by their octal codes; no host
// of an API has them.
var labelForm = regexp.MustCompile(`^[a-z0-9_-]{1,63}$`)

// normal is a domain name as the provider tells it: in lower case and without
// the dot at its end. With and without are one name to Route 53.
func normal(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// nameProblem tells what is wrong with a normal domain name, "" if nothing is.
// A wildcard is a whole label, the first.
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

// within tells whether a name is that of a zone or stands below it.
func within(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }

// parents are the names above a normal name, the closest first, without the
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

// nameServers are the four servers of a zone, in the form of
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/GetInfoAboutHostedZone.html,
// its primary one first. They come from the zone's id: they are the same after
// a restart, and others for another zone of the same name.
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
