package sts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"skiff/local/aws/iam"
	"skiff/local/aws/issuer"
	"skiff/local/store"
)

// TestSession assumes a role as a pipeline does, and calls GetCallerIdentity
// with its keys.
func TestSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	out, err := f.assume(deploy, f.token(main))
	if err != nil {
		t.Fatal(err)
	}
	const session = "arn:aws:sts::" + account + ":assumed-role/project-staging-deploy/job-1"
	if *out.AssumedRoleUser.Arn != session || *out.SubjectFromWebIdentityToken != main || *out.Audience != audience ||
		*out.Provider != "arn:aws:iam::"+account+":oidc-provider/gitlab.com" {
		t.Errorf("assumed %v for %s, %s by %s", *out.AssumedRoleUser, *out.SubjectFromWebIdentityToken, *out.Audience, *out.Provider)
	}
	if left := time.Until(*out.Credentials.Expiration); left < 59*time.Minute || left > time.Hour {
		t.Errorf("the keys expire in %s", left)
	}
	keys := iam.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}
	who, err := f.client(&keys).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != session || *who.Account != account || *who.UserId != *out.AssumedRoleUser.AssumedRoleId || !strings.HasSuffix(*who.UserId, ":job-1") {
		t.Errorf("the keys are of %s, %s, %s", *who.Arn, *who.Account, *who.UserId)
	}
	if err := store.Delete(f.db, iam.RoleToken, "project-staging-deploy"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.client(&keys).GetCallerIdentity(t.Context(), nil); errorText(err) != "InvalidClientTokenId: The security token included in the request is invalid." {
		t.Errorf("once the role is gone: %v", err)
	}
}

// TestEnvironment gets keys as every program with the SDK does, from
// environment variables.
func TestEnvironment(t *testing.T) {
	f := newFixture(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(f.token(feature)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": preview, "AWS_ENDPOINT_URL_STS": f.url, "AWS_REGION": "eu-central-1",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if err != nil || !strings.HasPrefix(*who.Arn, "arn:aws:sts::"+account+":assumed-role/project-staging-preview/") {
		t.Errorf("the keys are of %v, %v", who, err)
	}
}

const (
	denied        = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
	noJWT         = "InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	wrongAudience = "InvalidIdentityToken: Incorrect token audience"
)

// TestWhoMayAssume checks which token may assume which role. want begins the
// error's text.
func TestWhoMayAssume(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.provider("222222222222", "https://git.example.com/gitlab")
	branch := func(project, kind, ref string) string {
		return "project_path:" + project + ":ref_type:" + kind + ":ref:" + ref
	}
	from := func(url string) func(*issuer.Claims) { return func(c *issuer.Claims) { c.Issuer = url } }
	to := func(aud string) func(*issuer.Claims) { return func(c *issuer.Claims) { c.Audience = aud } }
	at := func(issued, expires time.Duration) func(*issuer.Claims) {
		return func(c *issuer.Claims) { c.Issued, c.Expires = time.Now().Add(issued), time.Now().Add(expires) }
	}
	forged, err := openIssuer(t).Sign(issuer.Claims{Issuer: gitlab, Audience: audience, Subject: main, Issued: time.Now(), Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(f.token(feature), ".")
	swapped := parts[0] + "." + strings.Split(f.token(main), ".")[1] + "." + parts[2]
	for _, test := range []struct{ name, role, token, want string }{
		{"main deploys", deploy, f.token(main), ""},
		{"main previews", preview, f.token(main), ""},
		{"a merge request previews", preview, f.token(feature), ""},
		{"a merge request deploys", deploy, f.token(feature), denied},
		{"a branch below", deploy, f.token(main + "/x"), denied},
		{"a star", deploy, f.token(branch("acme/api", "branch", "*")), denied},
		{"a tag", preview, f.token(branch("acme/api", "tag", "main")), denied},
		{"a fork", preview, f.token(branch("mallory/api", "branch", "main")), denied},
		{"a role that is not there", "arn:aws:iam::" + account + ":role/bootstrap/project-staging-none", f.token(main), denied},
		{"a role of another path", "arn:aws:iam::" + account + ":role/project-staging-deploy", f.token(main), denied},
		{"another audience", deploy, f.token(main, to(gitlab)), wrongAudience},
		{"another issuer", deploy, f.token(main, from("https://git.example.com/gitlab")), "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://git.example.com/gitlab"},
		{"an issuer without TLS", deploy, f.token(main, from("gitlab.com")), "InvalidIdentityToken: No OpenIDConnect provider found in your account for gitlab.com"},
		{"another account", strings.Replace(deploy, account, "222222222222", 1), f.token(main), "InvalidIdentityToken: No OpenIDConnect provider found in your account for " + gitlab},
		{"expired", deploy, f.token(main, at(-time.Hour, -time.Second)), "ExpiredTokenException: Token expired: current date/time "},
		{"not yet issued", deploy, f.token(main, at(time.Minute, time.Hour)), "ExpiredTokenException: Token is not valid yet: "},
		{"without a subject", deploy, f.token(""), "InvalidIdentityToken: Missing a required claim: sub"},
		{"signed by another", deploy, forged, "InvalidIdentityToken: The web identity token that was passed could not be validated: "},
		{"with another's claims", deploy, swapped, "InvalidIdentityToken: The web identity token that was passed could not be validated: "},
		{"no JWT", deploy, "nonsense", noJWT},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := f.assume(test.role, test.token)
			if got := errorText(err); test.want == "" && err != nil || !strings.HasPrefix(got, test.want) {
				t.Errorf("refused with %q, want %q", got, test.want)
			}
			if test.want != "" && out != nil {
				t.Errorf("keys despite the refusal: %v", out)
			}
		})
	}
}

// TestParameters checks that invalid parameters are refused before the token is
// verified.
func TestParameters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.role(iam.Role{Name: "long", AssumeRolePolicy: trust("StringEquals", main), MaxSessionDuration: 7200})
	const invalid = "ValidationError: 1 validation error detected: Value "
	for _, test := range []struct {
		name   string
		change func(*sts.AssumeRoleWithWebIdentityInput)
		want   string
	}{
		{"the shortest", func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = aws.Int32(900) }, ""},
		{"the longest", func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = aws.Int32(3600) }, ""},
		{"the role's longest", func(in *sts.AssumeRoleWithWebIdentityInput) {
			in.DurationSeconds, in.RoleArn = aws.Int32(7200), aws.String("arn:aws:iam::"+account+":role/long")
		}, ""},
		{"longer than the role's", func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = aws.Int32(3601) },
			"ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{"too short", func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = aws.Int32(899) },
			invalid + "'899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"too long", func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = aws.Int32(43201) },
			invalid + "'43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"no role", func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleArn = aws.String("arn:aws:iam::1:role/a-role") }, "ValidationError: Request ARN is invalid"},
		{"short role", func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleArn = aws.String("deploy") },
			invalid + "at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		{"session", func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleSessionName = aws.String("job 1") },
			invalid + "'job 1' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"},
		{"short session", func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleSessionName = aws.String("j") },
			invalid + "at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{"long session", func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleSessionName = aws.String(strings.Repeat("j", 65)) },
			invalid + "at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"no token", func(in *sts.AssumeRoleWithWebIdentityInput) { in.WebIdentityToken = aws.String("") },
			invalid + "at 'webIdentityToken' failed to satisfy constraint: Member must not be null"},
		{"session policy", func(in *sts.AssumeRoleWithWebIdentityInput) { in.Policy = aws.String("{}") },
			"ValidationError: the local cloud does not know the parameter Policy; it knows Action, DurationSeconds, RoleArn, RoleSessionName, Version, WebIdentityToken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(deploy), RoleSessionName: aws.String("job-1"), WebIdentityToken: aws.String(f.token(main))}
			test.change(in)
			if _, err := f.client(nil).AssumeRoleWithWebIdentity(t.Context(), in); errorText(err) != test.want {
				t.Errorf("refused with %q, want %q", errorText(err), test.want)
			}
		})
	}
}
