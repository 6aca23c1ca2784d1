// Package sts implements part of AWS Security Token Service. A caller with a
// token of a trusted issuer assumes a role with it, and a caller with keys gets
// their identity. The protocol is AWS Query: a form with the name of the
// action, and an answer in XML
// (https://docs.aws.amazon.com/STS/latest/APIReference/CommonParameters.html).
//
// It does not support session policies, tags and AssumeRole.
package sts

import (
	"net/http"
	"time"

	"skiff/local/aws/awsquery"
	"skiff/local/aws/iam"
)

const (
	version   = "2011-06-15" // API version
	namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// maxBytes is enough for the longest token, which has 20,000 characters.
const maxBytes = 64 << 10

// Options configure the service.
type Options struct {
	Authority *iam.Authority

	// Verify returns the claims of a token that its issuer has signed, as
	// issuer.Verify does.
	Verify func(token string) (claims map[string]any, err error)

	Account string           // of the administrator's keys, which have none
	Now     func() time.Time // nil: time.Now
}

// New returns a handler for the calls.
func New(o Options) *awsquery.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &service{o}
	return &awsquery.Handler{
		Service: "STS", Version: version, Namespace: namespace, MaxBytes: maxBytes, Denied: "AccessDenied",
		Status:     map[string]int{"AccessDenied": http.StatusForbidden, "InvalidClientTokenId": http.StatusForbidden, "ExpiredToken": http.StatusForbidden},
		Authority:  o.Authority,
		Operations: map[string]awsquery.Operation{"GetCallerIdentity": s.getCallerIdentity},
		Unsigned:   map[string]awsquery.UnsignedOperation{"AssumeRoleWithWebIdentity": s.assumeRoleWithWebIdentity},
	}
}

type service struct{ o Options }
