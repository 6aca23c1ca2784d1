package sts

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
)

type assumeResult struct {
	XMLName                     xml.Name `xml:"AssumeRoleWithWebIdentityResult"`
	SubjectFromWebIdentityToken string
	Audience                    string
	Provider                    string
	AssumedRoleUser             struct {
		ARN string `xml:"Arn"`
		ID  string `xml:"AssumedRoleId"`
	}
	Credentials struct {
		AccessKeyID     string `xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}
}

// assumeRoleWithWebIdentity implements
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html.
// The call has no signature: the token proves who the caller is.
func (s *service) assumeRoleWithWebIdentity(form url.Values) (any, error) {
	asked, err := readRequest(form)
	if err != nil {
		return nil, err
	}
	claims, err := s.claims(form.Get("WebIdentityToken"))
	if err != nil {
		return nil, err
	}
	asked.Issuer, asked.Audience, asked.Subject = claims.issuer, claims.audience, claims.subject
	session, err := s.o.Authority.AssumeWithWebIdentity(asked)
	if err != nil {
		return nil, err
	}
	result := assumeResult{SubjectFromWebIdentityToken: claims.subject, Audience: claims.audience, Provider: session.Provider}
	result.AssumedRoleUser.ARN, result.AssumedRoleUser.ID = session.Caller.ARN, s.o.Authority.UserID(session.Caller)
	result.Credentials.AccessKeyID = session.AccessKeyID
	result.Credentials.SecretAccessKey = session.SecretAccessKey
	result.Credentials.SessionToken = session.SessionToken
	result.Credentials.Expiration = session.Expires.UTC().Format(time.RFC3339)
	return result, nil
}

var (
	roleForm    = regexp.MustCompile(`^arn:aws:iam::\d{12}:role/[!-~]+$`)
	sessionForm = regexp.MustCompile(`^[\w+=,.@-]*$`)
)

// Limits of a request, in characters and seconds.
const (
	minToken, maxToken       = 4, 20000
	minRole, maxRole         = 20, 2048
	minSession, maxSession   = 2, 64
	minDuration, maxDuration = 900, 43200
)

// readRequest reads the parameters, except the token. It refuses unknown
// parameters: ignoring one, such as a session policy, could grant more rights
// than requested.
func readRequest(form url.Values) (iam.WebIdentity, error) {
	known := []string{"Action", "DurationSeconds", "RoleArn", "RoleSessionName", "Version", "WebIdentityToken"}
	for name := range form {
		if !slices.Contains(known, name) {
			return iam.WebIdentity{}, awserr.New("ValidationError", "the local cloud does not know the parameter %s; it knows %s", name, strings.Join(known, ", "))
		}
	}
	w := iam.WebIdentity{RoleARN: form.Get("RoleArn"), Session: form.Get("RoleSessionName")}
	err := errors.Join(
		checkLength("webIdentityToken", form.Get("WebIdentityToken"), minToken, maxToken),
		checkLength("roleArn", w.RoleARN, minRole, maxRole),
		checkLength("roleSessionName", w.Session, minSession, maxSession))
	switch {
	case err != nil:
		return w, err
	case !roleForm.MatchString(w.RoleARN):
		return w, awserr.New("ValidationError", "Request ARN is invalid")
	case !sessionForm.MatchString(w.Session):
		return w, awserr.New("ValidationError", "1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*", w.Session)
	}
	w.Duration, err = readDuration(form.Get("DurationSeconds"))
	return w, err
}

func readDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	const form = "1 validation error detected: Value '%s' at 'durationSeconds' failed to satisfy constraint: Member must have value %s than or equal to %d"
	switch {
	case err != nil:
		return 0, awserr.New("MalformedInput", "DurationSeconds %q is not a whole number", text)
	case n < minDuration:
		return 0, awserr.New("ValidationError", form, text, "greater", minDuration)
	case n > maxDuration:
		return 0, awserr.New("ValidationError", form, text, "less", maxDuration)
	}
	return time.Duration(n) * time.Second, nil
}

// checkLength checks the length of a value. Its error never contains the value,
// because it may be the token.
func checkLength(name, value string, least, most int) error {
	rule := ""
	switch n := utf8.RuneCountInString(value); {
	case n == 0:
		rule = "not be null"
	case n < least:
		rule = fmt.Sprintf("have length greater than or equal to %d", least)
	case n > most:
		rule = fmt.Sprintf("have length less than or equal to %d", most)
	default:
		return nil
	}
	return awserr.New("ValidationError", "1 validation error detected: Value at '%s' failed to satisfy constraint: Member must %s", name, rule)
}
