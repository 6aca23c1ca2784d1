package acm

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/route53"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the resource types of this package.
const (
	CertificateToken = "aws:acm/certificate:Certificate"
	ValidationToken  = "aws:acm/certificateValidation:CertificateValidation"
)

// Certificate holds the inputs of a requested certificate.
type Certificate struct {
	DomainName              string              `json:"domainName" aws:"required,replace"`
	SubjectAlternativeNames []string            `json:"subjectAlternativeNames,omitempty" aws:"replace,set,computed"`
	ValidationMethod        string              `json:"validationMethod" aws:"required,replace"`
	KeyAlgorithm            string              `json:"keyAlgorithm,omitempty" aws:"replace,computed"`
	Options                 *CertificateOptions `json:"options,omitempty" aws:"idle"`
	Tags                    map[string]string   `json:"tags,omitempty"`
}

// CertificateOptions has no effect here: there is no public log.
type CertificateOptions struct {
	CertificateTransparencyLoggingPreference string `json:"certificateTransparencyLoggingPreference,omitempty"`
}

// CertificateOutputs holds the outputs and defaults that AWS adds to a
// certificate. Times have the form of RFC 3339, or are "" before the
// certificate is issued.
type CertificateOutputs struct {
	ARN                     string             `json:"arn"`
	DomainName              string             `json:"domainName"`
	DomainValidationOptions []ValidationOption `json:"domainValidationOptions"`
	KeyAlgorithm            string             `json:"keyAlgorithm"`
	NotAfter                string             `json:"notAfter"`
	NotBefore               string             `json:"notBefore"`
	Options                 CertificateOptions `json:"options"`
	PendingRenewal          bool               `json:"pendingRenewal"`
	RenewalEligibility      string             `json:"renewalEligibility"`
	RenewalSummaries        []any              `json:"renewalSummaries"`
	Status                  string             `json:"status"`
	SubjectAlternativeNames []string           `json:"subjectAlternativeNames"`
	Type                    string             `json:"type"`
	ValidationEmails        []string           `json:"validationEmails"`
}

// Options configures Certificates.
type Options struct {
	Store *store.Store
	Dir   string         // folder of the authority's files
	Zones *route53.Zones // zones with the validation records

	// InUse reports whether a domain name uses a certificate. Nil means that
	// none does.
	InUse func(certificateARN string) bool

	// Wait is how long a validation waits if the engine sets no limit; 0 means
	// 20 seconds. AWS waits 75 minutes, but here a record takes effect
	// immediately.
	Wait time.Duration

	Now func() time.Time // nil for time.Now
}

// Certificates holds the declared certificates. It is safe for concurrent use.
type Certificates struct {
	o         Options
	authority *authority
	mu        sync.Mutex // guards issuing and loaded
	loaded    map[string]loaded
}

// loaded is an issued certificate with the text it was parsed from.
type loaded struct {
	text string
	*tls.Certificate
}

// New returns the certificates in a store. It creates the certificate authority
// if o.Dir has none.
func New(o Options) (*Certificates, error) {
	o.Wait = cmp.Or(o.Wait, 20*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.InUse == nil {
		o.InUse = func(string) bool { return false }
	}
	a, err := openAuthority(o.Dir, o.Now())
	if err != nil {
		return nil, fmt.Errorf("the local certificate authority: %w", err)
	}
	return &Certificates{o: o, authority: a, loaded: map[string]loaded{}}, nil
}

// Types returns the resource types of ACM.
func (c *Certificates) Types() []provider.Kind {
	certificates, validations := resourceTypes(c)
	return []provider.Kind{certificates, validations}
}

// resourceTypes returns the resource types of certificates and their validation.
func resourceTypes(c *Certificates) (*provider.Resource[Certificate, CertificateOutputs], *provider.Resource[Validation, ValidationOutputs]) {
	certificates := &provider.Resource[Certificate, CertificateOutputs]{
		Token: CertificateToken,
		Check: checkCertificate,
		// AWS creates a new certificate for every request.
		ID: func(call provider.Call, _ Certificate) string {
			return arn.New("acm", call.Region, call.Account, "certificate/"+uuid.NewString())
		},
		Delete:   c.deleteCertificate,
		Actions:  certificateActions,
		Describe: c.describe,
	}
	return certificates, validations(c)
}

// names returns all names of a certificate, without duplicates, as ACM lists
// them: the domain name first.
func names(in Certificate) []string {
	var all []string
	for _, name := range append([]string{in.DomainName}, in.SubjectAlternativeNames...) {
		if name = strings.ToLower(name); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func (c *Certificates) describe(r store.Record[Certificate]) CertificateOutputs {
	in := r.Inputs
	all := names(in)
	out := CertificateOutputs{
		ARN: r.ID, DomainName: all[0], DomainValidationOptions: []ValidationOption{}, KeyAlgorithm: cmp.Or(in.KeyAlgorithm, "RSA_2048"),
		Options: CertificateOptions{"ENABLED"}, RenewalEligibility: "INELIGIBLE", RenewalSummaries: []any{}, Status: c.status(r),
		SubjectAlternativeNames: all, Type: "AMAZON_ISSUED", ValidationEmails: []string{},
	}
	for _, name := range all {
		out.DomainValidationOptions = append(out.DomainValidationOptions, optionOf(r.Account, name))
	}
	if in.Options != nil {
		out.Options.CertificateTransparencyLoggingPreference = cmp.Or(in.Options.CertificateTransparencyLoggingPreference, "ENABLED")
	}
	if issued, err := c.issued(r.ID); err == nil {
		out.NotBefore, out.NotAfter = issued.Leaf.NotBefore.UTC().Format(time.RFC3339), issued.Leaf.NotAfter.UTC().Format(time.RFC3339)
		if c.o.InUse(r.ID) {
			out.RenewalEligibility = "ELIGIBLE"
		}
	}
	return out
}

// validationPeriod is how long ACM waits for the validation records
// (https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-timed-out.html).
const validationPeriod = 72 * time.Hour

// status returns a status of
// https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html.
func (c *Certificates) status(r store.Record[Certificate]) string {
	issued, err := c.issued(r.ID)
	switch now := c.o.Now(); {
	case err == nil && now.After(issued.Leaf.NotAfter):
		return "EXPIRED"
	case err == nil:
		return "ISSUED"
	case now.Sub(r.Created) > validationPeriod:
		return "VALIDATION_TIMED_OUT"
	}
	return "PENDING_VALIDATION"
}

// deleteCertificate refuses to delete a certificate in use
// (https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html).
func (c *Certificates) deleteCertificate(_ context.Context, _ provider.Call, r store.Record[Certificate]) error {
	if c.o.InUse(r.ID) {
		return awserr.New("ResourceInUseException", "the certificate %s in account %s is in use by a domain name: delete the domain name, or give it another certificate first", r.ID, r.Account)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.loaded, r.ID)
	return store.Delete(c.o.Store, issuedToken, r.ID)
}

// find returns the certificate with an ARN. The error wraps store.ErrNotFound
// if there is none.
func (c *Certificates) find(certificateARN string) (store.Record[Certificate], error) {
	r, err := store.Get[Certificate](c.o.Store, CertificateToken, certificateARN)
	if errors.Is(err, store.ErrNotFound) {
		err = awserr.New("ResourceNotFoundException", "Could not find certificate %s: %w", certificateARN, err)
	}
	return r, err
}
