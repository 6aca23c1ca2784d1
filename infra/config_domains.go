package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// domain accepts a domain name and returns it in Route 53's form: lower case,
// without a dot at the end. Another spelling of the same name must not replace
// a zone.
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

// maxDomain is the maximum length of a domain name.
const maxDomain = 253

// nameForm matches a domain name with at least two labels.
const nameForm = `^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`

// normal returns a domain name in lower case without the dot at its end.
func normal(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// maxNames is the maximum number of names in a certificate.
// https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html
const maxNames = 10

// maxBasePath is the maximum length of the path of a mapping.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html
const maxBasePath = 300

// checkDomains refuses domains outside the zone, duplicates, and more names
// than a certificate can have.
func (c config) checkDomains() error {
	if c.Domain == "" {
		if len(c.AdditionalDomains) > 0 || c.SocketDomain != "" || c.BasePath != "" || c.Zone != "" || c.ParentZone != "" {
			return fmt.Errorf("%s is empty, so %s, socketDomain, basePath, zone and parentZone have no effect; set the domain, or remove them",
				c.key("domain"), c.key("additionalDomains"))
		}
		return nil
	}
	var errs []error
	seen := map[string]bool{}
	for _, d := range c.domains() {
		if d.base() != c.Zone && !strings.HasSuffix(d.base(), "."+c.Zone) {
			errs = append(errs, fmt.Errorf("the domain %s is not in the zone %s; set %s to a zone that contains all domains", d.name, c.Zone, c.key("zone")))
		}
		if seen[d.name] {
			errs = append(errs, fmt.Errorf("the domain %s is set twice, in %s, %s or %s", d.name, c.key("domain"), c.key("additionalDomains"), c.key("socketDomain")))
		}
		seen[d.name] = true
	}
	if len(seen) > maxNames {
		errs = append(errs, fmt.Errorf("%d domains are set, but an ACM certificate has at most %d names; remove some", len(seen), maxNames))
	}
	if len(c.Domain) > 64 {
		errs = append(errs, fmt.Errorf("%s %s has %d characters, but the first name of a certificate has at most 64; set a shorter one", c.key("domain"), c.Domain, len(c.Domain)))
	}
	if len(c.BasePath) > maxBasePath {
		errs = append(errs, fmt.Errorf("%s has %d characters, but API Gateway accepts at most %d", c.key("basePath"), len(c.BasePath), maxBasePath))
	}
	if c.ParentZone != "" && (!c.CreateZone || !strings.HasSuffix(c.Zone, "."+c.ParentZone)) {
		errs = append(errs, fmt.Errorf("%s %s must be above a zone that this stack creates; but %s is %s and %s is %t",
			c.key("parentZone"), c.ParentZone, c.key("zone"), c.Zone, c.key("createZone"), c.CreateZone))
	}
	return errors.Join(errs...)
}
