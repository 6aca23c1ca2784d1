package iam

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"skiff/local/aws/awserr"
)

// traceHeader is what the SDKs send from a function with the trace of the
// invocation, for Lambda to find loops
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
const traceHeader = "X-Amzn-Trace-Id"

func errUnrecognized() error {
	return awserr.New("UnrecognizedClientException", "The security token included in the request is invalid.")
}

// Authenticate returns the caller that signed a request, by Signature Version
// 4, which covers the body. The error is an *awserr.Error with a code of
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html.
func (a *Authority) Authenticate(r *http.Request, body []byte) (Caller, error) {
	signed, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return Caller{}, err
	}
	k, err := a.held(signed.accessKeyID, r.Header.Get("X-Amz-Security-Token"))
	if err != nil {
		return Caller{}, err
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return Caller{}, awserr.New("IncompleteSignatureException", "the X-Amz-Date header is missing or malformed")
	}
	again, err := sign(k.signer, r, body, signed, k.Credentials, at)
	if err != nil {
		return Caller{}, err
	}
	if subtle.ConstantTimeCompare([]byte(again), []byte(signed.signature)) != 1 {
		return Caller{}, awserr.New("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
	}
	caller := k.caller
	caller.Region, caller.Trace = signed.region, r.Header.Get(traceHeader)
	return caller, nil
}

type authorization struct {
	accessKeyID, region, service, signature string
	headers                                 []string
}

// parseAuthorization parses AWS4-HMAC-SHA256
// Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=a;b,
// Signature=HEX.
func parseAuthorization(header string) (authorization, error) {
	var a authorization
	rest, ok := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
	if !ok {
		return a, awserr.New("MissingAuthenticationTokenException", "Request is missing Authentication Token")
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			scope := strings.Split(value, "/")
			if len(scope) == 5 {
				a.accessKeyID, a.region, a.service = scope[0], scope[2], scope[3]
			}
		case "SignedHeaders":
			a.headers = strings.Split(value, ";")
		case "Signature":
			a.signature = value
		}
	}
	if a.accessKeyID == "" || a.signature == "" || len(a.headers) == 0 {
		return a, awserr.New("IncompleteSignatureException", "the Authorization header must have Credential, SignedHeaders and Signature")
	}
	return a, nil
}

// sign signs the request again with the claimed key and headers, and returns
// the signature.
func sign(signer *v4.Signer, r *http.Request, body []byte, claimed authorization, c Credentials, at time.Time) (string, error) {
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return "", err
	}
	copySigned(again, r, claimed.headers)
	credentials := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
	if err := signer.SignHTTP(r.Context(), credentials, again, hash(body), claimed.service, claimed.region, at); err != nil {
		return "", fmt.Errorf("sign the request again: %w", err)
	}
	signed, err := parseAuthorization(again.Header.Get("Authorization"))
	return signed.signature, err
}

// copySigned copies the headers that the signature covers. The host is part of
// the URL.
func copySigned(to, from *http.Request, headers []string) {
	for _, name := range headers {
		switch name {
		case "host":
		case "content-length":
			to.ContentLength = from.ContentLength
		default:
			to.Header[http.CanonicalHeaderKey(name)] = from.Header.Values(name)
		}
	}
}
