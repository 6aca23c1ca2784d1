package websocket

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"skiff/local/aws/iam"
)

func TestOtherStageOfAllowed(t *testing.T) {
	t.Parallel()
	f, client, _ := newManaged(t, strings.Replace(manageAll, "a1b2c3d4e5/prod/*", "*", 1), nil)
	_, connected := f.connect(t)
	f.change(func(s *Stage) { s.Name = "dev" })
	failsWith(t, post(t.Context(), client, connected.event.RequestContext.ConnectionID, "x"), "GoneException", "")
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	allow := func(action, resource string) string {
		return strings.NewReplacer("execute-api:ManageConnections", action, "arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/prod/*/@connections/*", resource).Replace(manageAll)
	}
	const posts = "arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/prod/POST/@connections/*"
	tests := []struct {
		name, policy string
		allowed      bool
	}{
		{"posts", allow("execute-api:ManageConnections", posts), true},
		{"whole API", allow("execute-api:*", "arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/*"), true},
		{"nothing", "", false},
		{"invoke", allow("execute-api:Invoke", posts), false},
		{"other method", allow("execute-api:ManageConnections", strings.Replace(posts, "POST", "GET", 1)), false},
		{"other stage", allow("execute-api:ManageConnections", strings.Replace(posts, "prod", "dev", 1)), false},
		{"other API", allow("execute-api:ManageConnections", strings.Replace(posts, "a1b2c3d4e5", "zzzzzzzzzz", 1)), false},
		{"other account", allow("execute-api:ManageConnections", strings.Replace(posts, account, "222222222222", 1)), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, client, _ := newManaged(t, test.policy, nil)
			c, connected := f.connect(t)
			err := post(t.Context(), client, connected.event.RequestContext.ConnectionID, "x")
			if !test.allowed {
				// The text is recorded, with the id at this place.
				failsWith(t, err, "AccessDeniedException", "User: arn:aws:sts::111111111111:assumed-role/r/notify is not authorized to perform: execute-api:ManageConnections on resource: arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/prod/POST/@connections/{connectionId}")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			read(t, c)
		})
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	f, _, keys := newManaged(t, manageAll, nil)
	_, connected := f.connect(t)
	id := connected.event.RequestContext.ConnectionID
	wrong := keys
	wrong.SecretAccessKey = "other"
	failsWith(t, post(t.Context(), f.client(wrong, region), id, "x"), "InvalidSignatureException", "signature")
	failsWith(t, post(t.Context(), f.client(iam.Credentials{AccessKeyID: "ASIAUNKNOWN", SecretAccessKey: "x", SessionToken: "y"}, region), id, "x"), "UnrecognizedClientException", "token")
	failsWith(t, post(t.Context(), f.client(keys, "us-east-1"), id, "x"), "InvalidSignatureException", "region")
	const want = "MissingAuthenticationTokenException"
	for _, method := range []string{"POST", "GET", "DELETE", "PUT"} {
		r, err := http.NewRequestWithContext(t.Context(), method, f.url+"/@connections/"+id, bytes.NewReader(nil))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden || res.Header.Get("X-Amzn-ErrorType") != want {
			t.Errorf("%s: %s %s, want 403 %s", method, res.Status, res.Header.Get("X-Amzn-ErrorType"), want)
		}
	}
}
