package ssm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/iam"
	"skiff/local/store"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
	form    = "arn:aws:ssm:" + region + ":" + account + ":parameter/"
)

type object = map[string]any

// A fixture is an endpoint with the keys of a role and of the administrator.
type fixture struct {
	*Parameters
	url         string
	role, admin iam.Credentials
}

// newFixture creates a role that may do the actions below /project/.
func newFixture(t *testing.T, actions ...string) *fixture {
	t.Helper()
	f := &fixture{Parameters: newParameters(t)}
	f.now = func() time.Time { return time.Unix(1700000000, 0) }
	policy, err := json.Marshal(object{"Statement": []any{object{"Effect": "Allow", "Action": actions, "Resource": form + "project/*"}}})
	if err != nil {
		t.Fatal(err)
	}
	keep(t, f.db, iam.RoleToken, store.Record[iam.Role]{ID: "r", Account: account, Inputs: iam.Role{Name: "r"}})
	keep(t, f.db, iam.RolePolicyToken, store.Record[iam.RolePolicy]{ID: "r:p", Inputs: iam.RolePolicy{Name: "p", Role: "r", Policy: string(policy)}})
	server := httptest.NewServer(f.Handler())
	t.Cleanup(server.Close)
	f.url = server.URL
	f.role, f.admin = f.authority.Issue("arn:aws:iam::"+account+":role/r", "f"), f.authority.IssueAdministrator()
	return f
}

func keep[In any](t *testing.T, db *store.Store, token string, r store.Record[In]) {
	t.Helper()
	if err := store.Put(db, token, r.ID, r); err != nil {
		t.Fatal(err)
	}
}

// call signs a call as an SDK does. It returns an error as code and message.
func (f *fixture) call(t *testing.T, keys iam.Credentials, operation string, in object) (out object, err string) {
	t.Helper()
	body, e := json.Marshal(in)
	if e != nil {
		t.Fatal(e)
	}
	r, e := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url, bytes.NewReader(body))
	if e != nil {
		t.Fatal(e)
	}
	r.Header.Set("X-Amz-Target", "AmazonSSM."+operation)
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}
	if e := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(sum[:]), "ssm", region, time.Now()); e != nil {
		t.Fatal(e)
	}
	response, e := http.DefaultClient.Do(r)
	if e != nil {
		t.Fatal(e)
	}
	defer response.Body.Close()
	if e := json.NewDecoder(response.Body).Decode(&out); e != nil {
		t.Fatal(e)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Sprint(out["__type"], " ", out["message"])
	}
	return out, ""
}

// must makes a call that has to succeed.
func (f *fixture) must(t *testing.T, keys iam.Credentials, operation string, in object) object {
	t.Helper()
	out, err := f.call(t, keys, operation, in)
	if err != "" {
		t.Fatalf("%s %v: %s", operation, in, err)
	}
	return out
}

func (f *fixture) value(t *testing.T, name string) string {
	t.Helper()
	found, _ := f.must(t, f.role, "GetParameter", object{"Name": name, "WithDecryption": true})["Parameter"].(object)
	return fmt.Sprint(found["Value"])
}

func TestGetOverTheWire(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "ssm:GetParameter", "ssm:PutParameter")
	f.must(t, f.role, "PutParameter", object{"Name": "/project/a", "Value": "1", "Type": "String"})
	want := object{"Parameter": object{
		"ARN": form + "project/a", "DataType": "text", "LastModifiedDate": 1700000000.0, "Name": "/project/a", "Type": "String", "Value": "1", "Version": 1.0,
	}}
	for _, name := range []string{"/project/a", form + "project/a"} {
		if diff := cmp.Diff(want, f.must(t, f.role, "GetParameter", object{"Name": name})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	for _, test := range []struct{ name, want string }{
		{"/project/none", "ParameterNotFound Parameter /project/none not found."},
		{"/project/a:2", "ParameterVersionNotFound Systems Manager could not find version 2 of /project/a."},
		{"/other/a", "AccessDeniedException User: arn:aws:sts::" + account + ":assumed-role/r/f is not authorized to perform: ssm:GetParameter on resource: " + form + "other/a"},
		{"", "ValidationException"},
		{"arn:aws:ssm:us-east-1:" + account + ":parameter/project/a", "ValidationException"},
		{"arn:aws:ssm:" + region + ":222222222222:parameter/project/a", "AccessDeniedException"},
	} {
		if _, err := f.call(t, f.role, "GetParameter", object{"Name": test.name}); !strings.HasPrefix(err, test.want) {
			t.Errorf("%q: %q, want %q", test.name, err, test.want)
		}
	}
	stranger := iam.Credentials{AccessKeyID: "ASIASTRANGER", SecretAccessKey: "x", SessionToken: "y"}
	if _, err := f.call(t, stranger, "GetParameter", object{"Name": "/project/a"}); !strings.HasPrefix(err, "UnrecognizedClientException") {
		t.Errorf("unknown keys: %q", err)
	}
	if _, err := f.call(t, f.admin, "AddTagsToResource", object{}); !strings.Contains(err, "it knows these operations of AmazonSSM: DeleteParameter, GetParameter, GetParameters,") {
		t.Errorf("an unknown operation: %q", err)
	}
}

// TestSecureString checks that only a call with decryption returns the value.
func TestSecureString(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "ssm:*")
	f.must(t, f.admin, "PutParameter", object{"Name": "/project/s", "Value": "hidden", "Type": "SecureString"})
	if got := f.value(t, "/project/s"); got != f.lookUp(t, "/project/s").Inputs.Value || got != "hidden" {
		t.Errorf("decrypted %q", got)
	}
	found, _ := f.must(t, f.role, "GetParameter", object{"Name": "/project/s"})["Parameter"].(object)
	if text := fmt.Sprint(found["Value"]); text == "" || strings.Contains(text, "hidden") || found["Type"] != "SecureString" {
		t.Errorf("encrypted: %v", found)
	}
	if _, err := f.call(t, f.admin, "PutParameter", object{"Name": "/project/k", "Value": "x", "Type": "SecureString", "KeyId": "alias/mine"}); !strings.HasPrefix(err, "InvalidKeyId") {
		t.Errorf("another key: %q", err)
	}
}

func (f *fixture) lookUp(t *testing.T, name string) store.Record[Parameter] {
	t.Helper()
	r, err := store.Get[Parameter](f.db, Token, name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGetMany(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "ssm:GetParameters")
	for _, name := range []string{"/project/a", "/project/b", "/other"} {
		f.must(t, f.admin, "PutParameter", object{"Name": "arn:aws:ssm:" + region + ":" + account + ":parameter" + name, "Value": name, "Type": "String"})
	}
	out := f.must(t, f.role, "GetParameters", object{"Names": []string{"/project/b", "/project/none", "/project/a:1", "/project/a:7"}})
	var got []string
	for _, p := range out["Parameters"].([]any) {
		got = append(got, fmt.Sprint(p.(object)["Name"], p.(object)["Selector"], "=", p.(object)["Value"]))
	}
	if diff := cmp.Diff([]string{"/project/b<nil>=/project/b", "/project/a:1=/project/a"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]any{"/project/none", "/project/a:7"}, out["InvalidParameters"]); diff != "" {
		t.Errorf("invalid (-want +got)\n%s", diff)
	}
	if _, err := f.call(t, f.role, "GetParameters", object{"Names": []string{"/project/a", "/other"}}); !strings.HasPrefix(err, "AccessDeniedException") {
		t.Errorf("one that the role may not read: %q", err)
	}
	for _, n := range []int{0, 11} {
		if _, err := f.call(t, f.role, "GetParameters", object{"Names": make([]string, n)}); !strings.HasPrefix(err, "ValidationException") {
			t.Errorf("%d names: %q", n, err)
		}
	}
}

func TestByPath(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "ssm:GetParametersByPath", "ssm:PutParameter")
	for i := range 12 {
		f.must(t, f.role, "PutParameter", object{"Name": fmt.Sprintf("/project/p/%02d", i), "Value": "x", "Type": "String"})
	}
	for _, name := range []string{"/project/p/deep/er", "/project/path"} {
		f.must(t, f.role, "PutParameter", object{"Name": name, "Value": "x", "Type": "StringList"})
	}
	list := func(in object) (names []string) {
		for {
			out := f.must(t, f.role, "GetParametersByPath", in)
			page := out["Parameters"].([]any)
			if len(page) > 10 {
				t.Errorf("a page of %d", len(page))
			}
			for _, p := range page {
				names = append(names, fmt.Sprint(p.(object)["Name"]))
			}
			if out["NextToken"] == nil {
				return names
			}
			in["NextToken"] = out["NextToken"]
		}
	}
	if got := list(object{"Path": "/project/p/"}); len(got) != 12 || got[0] != "/project/p/00" || got[11] != "/project/p/11" {
		t.Errorf("one level: %v", got)
	}
	if got := list(object{"Path": "/project/p", "Recursive": true, "MaxResults": 5}); len(got) != 13 || got[12] != "/project/p/deep/er" {
		t.Errorf("all levels: %v", got)
	}
	for _, test := range []struct {
		in   object
		want string
	}{
		{object{"Path": "/other"}, "AccessDeniedException"},
		{object{"Path": "project"}, "ValidationException"},
		{object{"Path": "/project/p", "MaxResults": 11}, "ValidationException"},
		{object{"Path": "/project/p", "NextToken": "?"}, "InvalidNextToken"},
		{object{"Path": "/project/p", "ParameterFilters": []any{object{"Key": "Type"}}}, "InvalidFilterKey"},
	} {
		if _, err := f.call(t, f.role, "GetParametersByPath", test.in); !strings.HasPrefix(err, test.want) {
			t.Errorf("%v: %q, want %q", test.in, err, test.want)
		}
	}
}
