package secretsmanager

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"skiff/local/store"
)

// nothing is a policy that allows nothing of this service.
const nothing = `{"Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}`

func allow(action, resource string) string {
	return fmt.Sprintf(`{"Statement":{"Effect":"Allow","Action":%q,"Resource":%q}}`, action, resource)
}

func plainARN(name string) string {
	return "arn:aws:secretsmanager:" + region + ":" + account + ":secret:" + name
}

func (f *fixture) value(t *testing.T, id, value string) string {
	t.Helper()
	out, err := f.admin.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &value})
	if err != nil {
		t.Fatal(err)
	}
	return *out.VersionId
}

func (f *fixture) get(t *testing.T, id string) string {
	t.Helper()
	out, err := f.admin.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		t.Fatal(err)
	}
	return *out.SecretString
}

func TestVersions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, allow("secretsmanager:*", "*"))
	secretARN := f.declare(t, account, Secret{Name: "s", Description: "key", KMSKeyID: "alias/k", Tags: map[string]string{"b": "2", "a": "1"}})
	get := func(in secretsmanager.GetSecretValueInput) (string, error) {
		if in.SecretId == nil {
			in.SecretId = aws.String("s")
		}
		out, err := f.role.GetSecretValue(t.Context(), &in)
		if err != nil {
			return "", err
		}
		if *out.ARN != secretARN || *out.Name != "s" || time.Since(*out.CreatedDate) > time.Minute {
			t.Errorf("answer %+v", out)
		}
		return fmt.Sprint(*out.SecretString, " ", *out.VersionId, " ", out.VersionStages), nil
	}
	const missing = "ResourceNotFoundException Secrets Manager can't find the specified secret value for "
	_, err := get(secretsmanager.GetSecretValueInput{})
	wantError(t, "without a value", err, missing+"staging label: AWSCURRENT")
	tokens := map[string]string{}
	for _, value := range []string{"one", "two", "three"} {
		tokens[value] = f.value(t, "s", value)
	}
	for _, test := range []struct {
		name        string
		in          secretsmanager.GetSecretValueInput
		want, error string
	}{
		{"current", secretsmanager.GetSecretValueInput{}, "three " + tokens["three"] + " [AWSCURRENT]", ""},
		{"by ARN", secretsmanager.GetSecretValueInput{SecretId: &secretARN}, "three " + tokens["three"] + " [AWSCURRENT]", ""},
		{"by ARN without suffix", secretsmanager.GetSecretValueInput{SecretId: aws.String(plainARN("s"))}, "three " + tokens["three"] + " [AWSCURRENT]", ""},
		{"previous", secretsmanager.GetSecretValueInput{VersionStage: aws.String("AWSPREVIOUS")}, "two " + tokens["two"] + " [AWSPREVIOUS]", ""},
		{"by id", secretsmanager.GetSecretValueInput{VersionId: aws.String(tokens["two"])}, "two " + tokens["two"] + " [AWSPREVIOUS]", ""},
		{"by both", secretsmanager.GetSecretValueInput{VersionId: aws.String(tokens["two"]), VersionStage: aws.String("AWSPREVIOUS")}, "two " + tokens["two"] + " [AWSPREVIOUS]", ""},
		{"by both that differ", secretsmanager.GetSecretValueInput{VersionId: aws.String(tokens["two"]), VersionStage: aws.String("AWSCURRENT")}, "", missing + "VersionId: " + tokens["two"]},
		{"without a label", secretsmanager.GetSecretValueInput{VersionId: aws.String(tokens["one"])}, "", missing + "VersionId: " + tokens["one"]},
		{"unknown label", secretsmanager.GetSecretValueInput{VersionStage: aws.String("AWSPENDING")}, "", missing + "staging label: AWSPENDING"},
	} {
		got, err := get(test.in)
		wantError(t, test.name, err, test.error)
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	foreign := f.declare(t, "222222222222", Secret{Name: "s"})
	_, err = get(secretsmanager.GetSecretValueInput{SecretId: &foreign})
	wantError(t, "another account's", err, "AccessDeniedException User: arn:aws:sts::111111111111:assumed-role/r/f is not authorized to perform: secretsmanager:GetSecretValue on resource: "+
		foreign+" because no resource-based policy allows the secretsmanager:GetSecretValue action")
	out, err := f.role.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: aws.String("s")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{tokens["three"]: {"AWSCURRENT"}, tokens["two"]: {"AWSPREVIOUS"}}
	if diff := cmp.Diff(want, out.VersionIdsToStages); diff != "" || *out.Description != "key" || *out.KmsKeyId != "alias/k" || *out.Tags[0].Key != "a" || !out.CreatedDate.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("described as %+v\n%s", out, diff)
	}
}

func TestPut(t *testing.T) {
	t.Parallel()
	f := newFixture(t, allow("secretsmanager:*", "*"))
	f.declare(t, account, Secret{Name: "s"})
	token := aws.String(strings.Repeat("t", 32))
	put := func(in secretsmanager.PutSecretValueInput) error {
		in.SecretId = aws.String("s")
		_, err := f.role.PutSecretValue(t.Context(), &in)
		return err
	}
	text := func(s string) *string { return &s }
	for _, test := range []struct {
		name string
		in   secretsmanager.PutSecretValueInput
		want string
	}{
		{"largest", secretsmanager.PutSecretValueInput{SecretString: text(strings.Repeat("s", 65536))}, ""},
		{"binary", secretsmanager.PutSecretValueInput{SecretBinary: []byte{0, 255}, VersionStages: []string{"AWSCURRENT"}}, ""},
		{"with a token", secretsmanager.PutSecretValueInput{SecretString: text("v"), ClientRequestToken: token}, ""},
		{"again", secretsmanager.PutSecretValueInput{SecretString: text("v"), ClientRequestToken: token}, ""},
		{"another under its token", secretsmanager.PutSecretValueInput{SecretString: text("w"), ClientRequestToken: token}, "ResourceExistsException A resource with the ID you requested already exists."},
		{"none", secretsmanager.PutSecretValueInput{}, "InvalidRequestException You must provide either SecretString or SecretBinary."},
		{"both", secretsmanager.PutSecretValueInput{SecretString: text("s"), SecretBinary: []byte("b")}, "InvalidRequestException You can't specify both a binary secret value and a string secret value in the same secret."},
		{"empty", secretsmanager.PutSecretValueInput{SecretString: text("")}, "ValidationException the value has 0 bytes; it must have 1 to 65536"},
		{"too large", secretsmanager.PutSecretValueInput{SecretString: text(strings.Repeat("é", 32769))}, "ValidationException the value has 65538 bytes; it must have 1 to 65536"},
		{"short token", secretsmanager.PutSecretValueInput{SecretString: text("v"), ClientRequestToken: text("t")}, "InvalidParameterException You provided a ClientRequestToken that is not 32 to 64 characters long."},
		{"label", secretsmanager.PutSecretValueInput{SecretString: text("v"), VersionStages: []string{"AWSPENDING"}}, `InvalidParameterException the local cloud supports only the staging label AWSCURRENT for a new value, not "AWSPENDING"`},
	} {
		wantError(t, test.name, put(test.in), test.want)
	}
	// The retry moved no label.
	out, err := f.role.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("s"), VersionStage: aws.String("AWSPREVIOUS")})
	if err != nil || !bytes.Equal(out.SecretBinary, []byte{0, 255}) || out.SecretString != nil {
		t.Errorf("the previous value is %+v, %v", out, err)
	}
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	f := newFixture(t, allow("secretsmanager:GetSecretValue", plainARN("own-??????")))
	for _, name := range []string{"own", "other"} {
		f.declare(t, account, Secret{Name: name})
		f.value(t, name, "v-"+name)
	}
	foreign := f.declare(t, "222222222222", Secret{Name: "own"})
	deleted := f.declare(t, account, Secret{Name: "deleted"})
	f.remove(t, deleted)
	get := func(c *secretsmanager.Client, id string) error {
		_, err := c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
		return err
	}
	held, err := store.Get[Secret](f.db, Token, plainARN("other"))
	if err != nil {
		t.Fatal(err)
	}
	denied := func(action, resource string) string {
		return "AccessDeniedException User: arn:aws:sts::111111111111:assumed-role/r/f is not authorized to perform: secretsmanager:" + action +
			" on resource: " + resource + " because no identity-based policy allows the secretsmanager:" + action + " action"
	}
	wantError(t, "own", get(f.role, "own"), "")
	wantError(t, "other", get(f.role, "other"), denied("GetSecretValue", held.ID))
	wantError(t, "missing", get(f.role, "none"), denied("GetSecretValue", plainARN("none")))
	_, err = f.role.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String("other"), SecretString: aws.String("v")})
	wantError(t, "put", err, denied("PutSecretValue", held.ID))
	wantError(t, "another account's", get(f.role, foreign), denied("GetSecretValue", foreign))
	wantError(t, "no id", get(f.role, ""), "InvalidParameterException You must provide a SecretId.")
	wantError(t, "missing, with the right to it", get(f.admin, "none"), "ResourceNotFoundException Secrets Manager can't find the specified secret.")
	wantError(t, "deleted", get(f.admin, "deleted"), "InvalidRequestException You can't perform this operation on the secret because it was marked for deletion.")
	wantError(t, "deleted, by ARN", get(f.admin, deleted), "InvalidRequestException You can't perform this operation on the secret because it was marked for deletion.")
	wantError(t, "of several accounts", get(f.admin, "own"), "InvalidRequestException several accounts have the secret own: give its ARN")
	wantError(t, "of one by ARN", get(f.admin, foreign), "ResourceNotFoundException Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
	wantError(t, "in another region", get(f.client(f.master, "us-east-1"), "other"), "ResourceNotFoundException Secrets Manager can't find the specified secret.")
	wantError(t, "in another region, by ARN", get(f.client(f.master, "us-east-1"), held.ID), "ResourceNotFoundException Secrets Manager can't find the specified secret.")
	wantError(t, "a stranger's keys", get(f.client(stranger(), region), "own"), "UnrecognizedClientException The security token included in the request is invalid.")
	_, err = f.admin.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{})
	wantError(t, "another operation", err, `UnknownOperationException the local cloud does not know the operation "secretsmanager.ListSecrets"; it knows these operations of secretsmanager: DescribeSecret, GetSecretValue, PutSecretValue`)
}

// TestKept checks that values survive a restart, in a file that only its owner
// may read.
func TestKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nothing)
	f.declare(t, account, Secret{Name: "s"})
	f.value(t, "s", "kept")
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(f.dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	db, err := store.Open(f.dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	again := New(db, f.authority)
	held, err := again.versions(store.Record[Secret]{ID: plainARN("s-abcdef")})
	if err != nil || held.Current == nil || *held.Current.String != "kept" {
		t.Errorf("after a restart %+v, %v", held, err)
	}
}
