// Package operatortest serves a fake Secrets Manager to the tests of operators'
// commands.
package operatortest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// Serve starts a fake Secrets Manager with these secrets: values by name, ""
// for a secret without a value. It stores new values in the map. It sets the
// environment of the test so that the AWS SDK uses the fake.
func Serve(t *testing.T, values map[string]string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId, SecretString string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		value, there := values[in.SecretId]
		operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.")
		if !there || operation == "GetSecretValue" && value == "" {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."})
			return
		}
		if operation == "PutSecretValue" {
			values[in.SecretId] = in.SecretString
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"Name": in.SecretId, "SecretString": values[in.SecretId]})
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_SECRETS_MANAGER": server.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
}
