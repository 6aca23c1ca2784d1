package acm

import (
	"cmp"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"skiff/local/store"
)

// issuedToken is the token of issued certificates in the store. They are
// separate from the requests, so an update of the tags cannot conflict with a
// renewal.
const issuedToken = "aws:acm/certificate:issued"

// issued is an issued certificate in two PEM blocks: the certificate and its
// key.
type issued struct {
	PEM string `json:"pem"`
}

// issued returns the certificate issued for a request. The error is
// store.ErrNotFound if there is none.
func (c *Certificates) issued(certificateARN string) (*tls.Certificate, error) {
	r, err := store.Get[issued](c.o.Store, issuedToken, certificateARN)
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair([]byte(r.Inputs.PEM), []byte(r.Inputs.PEM))
	return &certificate, err
}

// issue creates a certificate for all names of a request. The caller holds mu.
func (c *Certificates) issue(r store.Record[Certificate]) error {
	certificate, key, err := c.authority.sign(names(r.Inputs), cmp.Or(r.Inputs.KeyAlgorithm, "RSA_2048"), c.o.Now())
	if err != nil {
		return fmt.Errorf("issue certificate %s: %w", r.ID, err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	return store.Put(c.o.Store, issuedToken, r.ID, store.Record[issued]{ID: r.ID, URN: r.URN, Account: r.Account, Region: r.Region, Created: c.o.Now(), Inputs: issued{text}})
}

// CAFile returns the PEM file with the certificate that clients have to trust.
func (c *Certificates) CAFile() string { return c.authority.file }

// Usable returns an error if a domain name of a region cannot use a
// certificate. The certificate must be ISSUED, in the same region, and cover
// the name. The error wraps store.ErrNotFound if there is no certificate.
func (c *Certificates) Usable(certificateARN, domainName, region string) error {
	r, err := c.find(certificateARN)
	if err != nil {
		return err
	}
	if r.Region != region {
		return fmt.Errorf("the certificate %s is in %s, and a regional domain name in %s needs one there", r.ID, r.Region, region)
	}
	if status := c.status(r); status != "ISSUED" {
		return fmt.Errorf("the certificate %s is %s, not ISSUED: let the domain name depend on its validation", r.ID, status)
	}
	if all := names(r.Inputs); !covers(all, strings.ToLower(domainName)) {
		return fmt.Errorf("the certificate %s is for %s, which does not cover %s", r.ID, strings.Join(all, ", "), domainName)
	}
	return nil
}

// covers reports whether a certificate's names include a name. A wildcard
// matches one label (RFC 6125, section 6.4.3).
func covers(names []string, name string) bool {
	_, above, _ := strings.Cut(name, ".")
	return slices.Contains(names, name) || slices.Contains(names, "*."+above)
}

// TLS returns an issued certificate with its key. It renews the certificate if
// it expires soon. The result is shared: do not change it.
func (c *Certificates) TLS(certificateARN string) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.find(certificateARN)
	if err != nil {
		return nil, err
	}
	certificate, err := c.load(r)
	if err != nil {
		return nil, err
	}
	left := certificate.Leaf.NotAfter.Sub(c.o.Now())
	var missing error
	if left < renewal {
		missing = c.missing(r)
	}
	// After the authority's files were removed, a new authority was created.
	stale := certificate.Leaf.CheckSignatureFrom(c.authority.certificate) != nil
	switch {
	case left <= 0 && missing != nil:
		return nil, fmt.Errorf("the certificate %s has expired, and was not renewed: %w", r.ID, missing)
	case left >= renewal && !stale, missing != nil && !stale:
		// Without its validation records a certificate is not renewed, but
		// stays valid until it expires.
		return certificate, nil
	}
	if err := c.issue(r); err != nil {
		return nil, err
	}
	return c.load(r)
}

// load returns an issued certificate, parsed once.
func (c *Certificates) load(r store.Record[Certificate]) (*tls.Certificate, error) {
	found, err := store.Get[issued](c.o.Store, issuedToken, r.ID)
	if err != nil {
		return nil, fmt.Errorf("the certificate %s is %s: %w", r.ID, c.status(r), err)
	}
	if known, ok := c.loaded[r.ID]; ok && known.text == found.Inputs.PEM {
		return known.Certificate, nil
	}
	certificate, err := tls.X509KeyPair([]byte(found.Inputs.PEM), []byte(found.Inputs.PEM))
	if err != nil {
		return nil, fmt.Errorf("the certificate %s: %w", r.ID, err)
	}
	c.loaded[r.ID] = loaded{found.Inputs.PEM, &certificate}
	return &certificate, nil
}
