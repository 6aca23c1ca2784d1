// Package sts stands for AWS Security Token Service: who has a token of an
// issuer that an account trusts takes a role with it, and who has keys asks
// whose they are. Calls are of the query protocol: a form with the name of the
// action, answered in XML
// (https://docs.aws.amazon.com/STS/latest/APIReference/CommonParameters.html).
//
// Session policies and tags are left out, and so is AssumeRole.
package sts

import (
	"net/http"
	"time"

	"skiff/local/aws/awsquery"
	"skiff/local/aws/iam"
)

const (
	version   = "2011-06-15" // of the API
	namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// maxBytes is enough for the longest token, of 20,000 characters.
const maxBytes = 64 << 10

// Options are what a service is made of.
type Options struct {
	Authority *iam.Authority

	// Verify tells the claims of a token that its issuer has signed, as
	// issuer.Verify does.
	Verify func(token string) (claims map[string]any, err error)

	Account string           // of keys that belong to none, the administrator's
	Now     func() time.Time // nil for the clock
}

// New is a handler that answers calls.
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
