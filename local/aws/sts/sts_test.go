package sts

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"skiff/local/aws/iam"
)

// TestIdentity checks whose keys signed a call. Unknown keys are refused.
func TestIdentity(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	function, admin := f.authority.Issue(deploy, "get-item"), f.authority.IssueAdministrator()
	wrong := admin
	wrong.SecretAccessKey = "x"
	for _, test := range []struct {
		name, account, arn, want string
		keys                     iam.Credentials
	}{
		{"a function", account, "arn:aws:sts::" + account + ":assumed-role/project-staging-deploy/get-item", "", function},
		{"the administrator", "000000000000", "arn:aws:iam::000000000000:user/administrator", "", admin},
		{"unknown keys", "", "", "InvalidClientTokenId: The security token included in the request is invalid.", iam.Credentials{AccessKeyID: "ASIAUNKNOWN", SecretAccessKey: "x"}},
		{"another secret", "", "", "SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided.", wrong},
	} {
		who, err := f.client(&test.keys).GetCallerIdentity(t.Context(), nil)
		if errorText(err) != test.want {
			t.Errorf("%s: refused with %q, want %q", test.name, errorText(err), test.want)
		}
		if err == nil && (*who.Arn != test.arn || *who.Account != test.account || *who.UserId == "") {
			t.Errorf("%s: the keys are of %s, %s, %s", test.name, *who.Arn, *who.Account, *who.UserId)
		}
	}
}

// TestStatus checks the status of errors, because clients decide by it whether
// to retry.
func TestStatus(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for token, want := range map[string]int{f.token(feature): http.StatusForbidden, "nonsense": http.StatusBadRequest} {
		_, err := f.assume(deploy, token)
		var response *smithyhttp.ResponseError
		if !errors.As(err, &response) || response.HTTPStatusCode() != want {
			t.Errorf("refused with %v, want status %d", err, want)
		}
	}
	if _, err := f.client(&iam.Credentials{AccessKeyID: "x", SecretAccessKey: "y"}).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{}); errorText(err) !=
		"InvalidAction: the local cloud does not know the action GetSessionToken; it knows these actions of STS: AssumeRoleWithWebIdentity, GetCallerIdentity" {
		t.Errorf("an action that is left out: %v", err)
	}
}

// TestForm sends requests that no SDK sends.
func TestForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const form = "application/x-www-form-urlencoded"
	for _, test := range []struct{ method, media, body, want string }{
		{http.MethodPost, form, "", "MissingAction"},
		{http.MethodPost, form + "; charset=utf-8", "Action=GetCallerIdentity&Version=2010-01-01", "InvalidAction"},
		{http.MethodPost, form, "Action=GetCallerIdentity&Version=2011-06-15", "MissingAuthenticationToken"},
		{http.MethodPost, form, "Action=%zz", "MalformedQueryString"},
		{http.MethodPost, form, strings.Repeat("x", maxBytes+1), "MalformedInput"},
		{http.MethodPost, form, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&DurationSeconds=long&RoleArn=" + deploy + "&RoleSessionName=job&WebIdentityToken=a.b.c", "MalformedInput"},
		{http.MethodPut, form, "", "InvalidAction"},
		{http.MethodGet, "", "", "InvalidAction"},
		{http.MethodPost, "application/json", "{}", "InvalidAction"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, f.url, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", test.media)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(response.Body)
		response.Body.Close()
		var e struct {
			XMLName xml.Name
			Error   struct{ Type, Code string }
		}
		if err != nil || xml.Unmarshal(data, &e) != nil || e.XMLName.Local != "ErrorResponse" || e.Error.Code != test.want || e.Error.Type != "Sender" {
			t.Errorf("%s %s %.60s answers %s, %v; want %s", test.method, test.media, test.body, data, err, test.want)
		}
	}
}
