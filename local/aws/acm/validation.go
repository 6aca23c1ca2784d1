package acm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// ValidationOption is the DNS record that validates one name of a certificate.
type ValidationOption struct {
	DomainName          string `json:"domainName"`
	ResourceRecordName  string `json:"resourceRecordName"`
	ResourceRecordType  string `json:"resourceRecordType"`
	ResourceRecordValue string `json:"resourceRecordValue"`
}

// Validation holds the inputs of a wait for a certificate.
type Validation struct {
	CertificateARN        string   `json:"certificateArn" aws:"required,replace"`
	ValidationRecordFQDNs []string `json:"validationRecordFqdns,omitempty" aws:"replace,set"`
}

// ValidationOutputs is empty: AWS adds no outputs.
type ValidationOutputs struct{}

// pollInterval is how often a waiting validation looks for changes.
const pollInterval = 20 * time.Millisecond

// optionOf returns the validation record of a name. It is the same for every
// request of an account, and for a name and its wildcard
// (https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html).
func optionOf(account, name string) ValidationOption {
	base := strings.TrimPrefix(name, "*.")
	sum := sha256.Sum256([]byte(account + " " + base))
	zone := make([]byte, 10)
	for i, b := range sha256.Sum256(sum[:]) {
		if i < len(zone) {
			zone[i] = 'a' + b%26
		}
	}
	return ValidationOption{
		DomainName: name, ResourceRecordType: "CNAME",
		ResourceRecordName:  "_" + hex.EncodeToString(sum[:16]) + "." + base + ".",
		ResourceRecordValue: "_" + hex.EncodeToString(sum[16:]) + "." + string(zone) + ".acm-validations.aws.",
	}
}

func validations(c *Certificates) *provider.Resource[Validation, ValidationOutputs] {
	return &provider.Resource[Validation, ValidationOutputs]{
		Token: ValidationToken,
		Create: func(ctx context.Context, call provider.Call, r *store.Record[Validation]) error {
			certificate, err := c.find(r.Inputs.CertificateARN)
			if err != nil {
				return err
			}
			if certificate.Account != call.Account || certificate.Region != call.Region {
				return awserr.New("ResourceNotFoundException", "Could not find certificate %s in account %s, %s", certificate.ID, call.Account, call.Region)
			}
			if err := checkRecords(certificate, r.Inputs.ValidationRecordFQDNs); err != nil {
				return err
			}
			return c.await(ctx, call, certificate)
		},
		Actions: validationActions,
	}
}

// checkRecords reports missing validation records, as the AWS provider does.
// fqdns, if set, must include the record of every name; more are allowed.
func checkRecords(r store.Record[Certificate], fqdns []string) error {
	if len(fqdns) == 0 {
		return nil
	}
	var failures error
	for _, name := range names(r.Inputs) {
		record := strings.TrimSuffix(optionOf(r.Account, name).ResourceRecordName, ".")
		if !slices.ContainsFunc(fqdns, func(fqdn string) bool { return strings.EqualFold(strings.TrimSuffix(fqdn, "."), record) }) {
			failures = errors.Join(failures, fmt.Errorf("missing %s DNS validation record: %s", name, record))
		}
	}
	return failures
}

// await issues a certificate once DNS has the validation records of all its
// names. It gives up at the engine's limit or, without one, after Options.Wait.
func (c *Certificates) await(ctx context.Context, call provider.Call, r store.Record[Certificate]) error {
	limit := c.o.Wait
	if deadline, limited := ctx.Deadline(); limited {
		limit = time.Until(deadline).Round(100 * time.Millisecond)
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var seen uint64
	var missing error
	for first := true; ; first = false {
		if generation := c.o.Store.Generation(); first || generation != seen {
			seen = generation
			before := missing
			var err error
			if missing, err = c.validate(r.ID); err != nil || missing == nil {
				return err
			}
			if call.Log != nil && (before == nil || before.Error() != missing.Error()) {
				call.Log("waiting: " + missing.Error())
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("waiting for ACM Certificate (%s) to be issued: %w", r.ID, ctx.Err())
			}
			return fmt.Errorf("waiting for ACM Certificate (%s) to be issued: timeout while waiting for state to become 'ISSUED' (last state: 'PENDING_VALIDATION', timeout: %v): %w",
				r.ID, limit, missing)
		}
	}
}

// validate issues a certificate if its records exist. Otherwise missing says
// which do not. err is final.
func (c *Certificates) validate(certificateARN string) (missing, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.find(certificateARN)
	if err != nil {
		return nil, err
	}
	switch status := c.status(r); status {
	case "ISSUED":
		return nil, nil
	case "PENDING_VALIDATION":
	default:
		return nil, fmt.Errorf("the certificate %s is %s: replace it with a new one, for example with pulumi up --stack %s --replace %s", r.ID, status, provider.StackOf(r.URN), r.URN)
	}
	if missing := c.missing(r); missing != nil {
		return missing, nil
	}
	if err := c.checkAuthorities(r); err != nil {
		return nil, err
	}
	return nil, c.issue(r)
}

// missing returns an error that lists the validation records that DNS does not
// find, and why.
func (c *Certificates) missing(r store.Record[Certificate]) error {
	var failures []string
	for _, name := range names(r.Inputs) {
		o := optionOf(r.Account, name)
		record, value := strings.TrimSuffix(o.ResourceRecordName, "."), strings.TrimSuffix(o.ResourceRecordValue, ".")
		if slices.Contains(c.o.Zones.Lookup(record, "CNAME"), value) {
			continue
		}
		zone, err := c.o.Zones.Reach(record)
		if err == nil {
			err = fmt.Errorf("the zone %s (%s) has no CNAME record %s with the value %s", zone.Inputs.Name, zone.ID, record, value)
		}
		failures = append(failures, name+": "+err.Error())
	}
	if len(failures) == 0 {
		return nil
	}
	return errors.New(strings.Join(failures, "; "))
}

var caaForm = regexp.MustCompile(`^\d+ (?i:(issue|issuewild)) "\s*([^";]*?)\s*(?:;.*)?"$`)

// checkAuthorities refuses a name whose CAA records exclude Amazon. The records
// nearest to the name apply
// (https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html).
func (c *Certificates) checkAuthorities(r store.Record[Certificate]) error {
	amazon := []string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}
	for _, name := range names(r.Inputs) {
		base, wildcard := strings.CutPrefix(name, "*.")
		for at := base; at != ""; _, at, _ = strings.Cut(at, ".") {
			records := c.o.Zones.Lookup(at, "CAA")
			if len(records) == 0 {
				continue
			}
			if allowed := authorities(records, wildcard); allowed != nil && !slices.ContainsFunc(allowed, func(a string) bool { return slices.Contains(amazon, a) }) {
				return fmt.Errorf("CAA_ERROR: the CAA records of %s do not let Amazon issue a certificate for %s: add one such as 0 issue \"amazon.com\"", at, name)
			}
			break
		}
	}
	return nil
}

// authorities returns the authorities that CAA records allow, or nil if the
// records allow all.
func authorities(records []string, wildcard bool) []string {
	byTag := map[string][]string{}
	for _, record := range records {
		if m := caaForm.FindStringSubmatch(record); m != nil {
			tag := strings.ToLower(m[1])
			byTag[tag] = append(byTag[tag], strings.ToLower(m[2]))
		}
	}
	if wildcard && byTag["issuewild"] != nil {
		return byTag["issuewild"]
	}
	return byTag["issue"]
}
