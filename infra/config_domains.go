package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// domain takes a name as DNS has it. Route 53 knows it without the dot at its
// end and in lower case; another spelling of the same must not replace a zone.
func (r reader) domain(key string) string {
	value, ok := r.Text(key)
	name := normal(value)
	if ok && value != "" && (len(name) > maxDomain || !regexp.MustCompile(nameForm).MatchString(name)) {
		r.Refuse(key, value, "empty, or a domain name, such as api.example.com")
	}
	return name
}

func (r reader) domains(key string) []string {
	const allowed = "a domain name, such as www.example.com or *.example.com"
	var names []string
	for _, name := range r.List(key, `(\*\.)?`+strings.Trim(nameForm, "^$")+`\.?`, allowed) {
		if len(normal(name)) > maxDomain {
			r.Refuse(key, name, allowed)
		}
		names = append(names, normal(name))
	}
	return names
}

// maxDomain is how many characters a domain name may have.
const maxDomain = 253

// nameForm is the form of a domain name in lower case, of two labels or more.
const nameForm = `^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`

func normal(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// maxNames is how many names a certificate may have.
// https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html
const maxNames = 10

// maxBasePath is how many characters the path of a mapping may have.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html
const maxBasePath = 300

// checkDomains refuses domains that are not in the zone, twice there, or too many.
func (c config) checkDomains() error {
	if c.Domain == "" {
		if len(c.AdditionalDomains) > 0 || c.SocketDomain != "" || c.BasePath != "" || c.Zone != "" || c.ParentZone != "" {
			return fmt.Errorf("%s is empty, so %s, socketDomain, basePath, zone and parentZone have no effect; set the domain, or unset them",
				c.key("domain"), c.key("additionalDomains"))
		}
		return nil
	}
	var errs []error
	seen := map[string]bool{}
	for _, d := range c.domains() {
		if d.base() != c.Zone && !strings.HasSuffix(d.base(), "."+c.Zone) {
			errs = append(errs, fmt.Errorf("the domain %s is not in the zone %s; set %s to one that all domains are in", d.name, c.Zone, c.key("zone")))
		}
		if seen[d.name] {
			errs = append(errs, fmt.Errorf("the domain %s is set twice, in %s, %s or %s", d.name, c.key("domain"), c.key("additionalDomains"), c.key("socketDomain")))
		}
		seen[d.name] = true
	}
	if len(seen) > maxNames {
		errs = append(errs, fmt.Errorf("%d domains are set, and a certificate of ACM has %d names at most", len(seen), maxNames))
	}
	if len(c.Domain) > 64 {
		errs = append(errs, fmt.Errorf("%s %s has %d characters, and the first name of a certificate has 64 at most", c.key("domain"), c.Domain, len(c.Domain)))
	}
	if len(c.BasePath) > maxBasePath {
		errs = append(errs, fmt.Errorf("%s has %d characters, and API Gateway takes %d", c.key("basePath"), len(c.BasePath), maxBasePath))
	}
	if c.ParentZone != "" && (!c.CreateZone || !strings.HasSuffix(c.Zone, "."+c.ParentZone)) {
		errs = append(errs, fmt.Errorf("%s %s delegates a zone below it that this stack creates; %s is %s, %s %t",
			c.key("parentZone"), c.ParentZone, c.key("zone"), c.Zone, c.key("createZone"), c.CreateZone))
	}
	return errors.Join(errs...)
}
