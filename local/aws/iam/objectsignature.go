package iam

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"skiff/local/aws/awserr"
)

// timeForm is the time format of Signature Version 4.
const timeForm = "20060102T150405Z"

// UnsignedPayload replaces the body's hash if the signature does not cover the
// body.
const UnsignedPayload = "UNSIGNED-PAYLOAD"

const (
	maxSkew    = 15 * time.Minute
	maxExpires = 7 * 24 * 60 * 60 // seconds
)

// AuthenticateObject returns the caller that signed a request to S3, with
// headers or a presigned URL. It does not read the body: payload is the body's
// signed hash, which the caller of AuthenticateObject must compare.
//
// See
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
// and
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html.
func (a *Authority) AuthenticateObject(r *http.Request) (c Caller, payload string, err error) {
	query := r.URL.Query()
	presigned := query.Has("X-Amz-Signature") || query.Has("X-Amz-Algorithm")
	s := objectSignature{token: r.Header.Get("X-Amz-Security-Token"), payload: r.Header.Get("X-Amz-Content-Sha256")}
	if presigned {
		err = s.readQuery(r, query, a.now())
	} else {
		err = s.readHeaders(r, a.now())
	}
	if err != nil {
		return Caller{}, "", err
	}
	k, err := a.held(s.accessKeyID, s.token)
	if err != nil {
		return Caller{}, "", err
	}
	again, err := s.sign(r, k.Credentials, presigned)
	if err != nil {
		return Caller{}, "", err
	}
	if subtle.ConstantTimeCompare([]byte(again), []byte(s.signature)) != 1 {
		return Caller{}, "", awserr.New("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	}
	caller := k.caller
	caller.Region, caller.Trace = s.region, r.Header.Get(traceHeader)
	return caller, s.payload, nil
}

// objectSignature is the signature that a request claims.
type objectSignature struct {
	authorization
	token   string
	payload string // hash of the body, or a constant such as UNSIGNED-PAYLOAD
	at      time.Time
}

func (s *objectSignature) readHeaders(r *http.Request, now time.Time) (err error) {
	if s.authorization, err = parseAuthorization(r.Header.Get("Authorization")); err != nil {
		return err
	}
	if s.payload == "" {
		return awserr.New("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
	}
	if s.at, err = time.Parse(timeForm, r.Header.Get("X-Amz-Date")); err != nil {
		return awserr.New("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
	}
	if skew := now.Sub(s.at).Abs(); skew > maxSkew {
		return awserr.New("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	return nil
}

// readQuery reads the parameters of a presigned URL. If the body is signed, a
// header has its hash.
func (s *objectSignature) readQuery(r *http.Request, query url.Values, now time.Time) (err error) {
	malformed := func(format string, args ...any) error {
		return awserr.New("AuthorizationQueryParametersError", format, args...)
	}
	scope := strings.Split(query.Get("X-Amz-Credential"), "/")
	expires, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	switch {
	case query.Get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" || len(scope) != 5 || query.Get("X-Amz-SignedHeaders") == "":
		return malformed("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	case err != nil:
		return malformed("X-Amz-Expires should be a number")
	case expires < 0 || expires > maxExpires:
		return malformed("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than %d seconds", maxExpires)
	}
	if s.at, err = time.Parse(timeForm, query.Get("X-Amz-Date")); err != nil {
		return malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
	}
	switch {
	case now.Sub(s.at) < -maxSkew:
		return awserr.New("AccessDenied", "Request is not yet valid")
	case now.After(s.at.Add(time.Duration(expires) * time.Second)):
		return awserr.New("AccessDenied", "Request has expired")
	}
	s.authorization = authorization{
		accessKeyID: scope[0], region: scope[2], service: scope[3],
		headers: strings.Split(query.Get("X-Amz-SignedHeaders"), ";"), signature: query.Get("X-Amz-Signature"),
	}
	s.token = query.Get("X-Amz-Security-Token")
	if s.payload == "" {
		s.payload = UnsignedPayload
	}
	return nil
}

// sign signs the request again with the claimed key and headers. Unlike other
// services, S3 signs the path without escaping it a second time.
func (s *objectSignature) sign(r *http.Request, c Credentials, presigned bool) (string, error) {
	query := r.URL.Query()
	for _, name := range []string{"X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Security-Token"} {
		query.Del(name)
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.EscapedPath()+"?"+query.Encode(), nil)
	if err != nil {
		return "", err
	}
	copySigned(again, r, s.headers)
	plain := func(o *v4.SignerOptions) { o.DisableURIPathEscaping, o.DisableHeaderHoisting = true, true }
	credentials := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
	if !presigned {
		if err := v4.NewSigner().SignHTTP(r.Context(), credentials, again, s.payload, s.service, s.region, s.at, plain); err != nil {
			return "", fmt.Errorf("sign the request again: %w", err)
		}
		signed, err := parseAuthorization(again.Header.Get("Authorization"))
		return signed.signature, err
	}
	signed, _, err := v4.NewSigner().PresignHTTP(r.Context(), credentials, again, s.payload, s.service, s.region, s.at, plain)
	if err != nil {
		return "", fmt.Errorf("sign the URL again: %w", err)
	}
	u, err := url.Parse(signed)
	if err != nil {
		return "", err
	}
	return u.Query().Get("X-Amz-Signature"), nil
}
