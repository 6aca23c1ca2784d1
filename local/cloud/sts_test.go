package cloud

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/aws/iam"
	"skiff/local/aws/issuer"
)

// TestPipeline creates an OIDC provider and a role that trusts it, and assumes
// the role with a token of that issuer. It then asks for the identity behind a
// person's keys.
func TestPipeline(t *testing.T) {
	t.Parallel()
	c := openCloud(t)
	e := newEngine(t, c)
	id, out := e.up(iam.OIDCProviderToken, "gitlab", map[string]any{"url": "https://gitlab.com", "clientIdLists": []any{"aws"}})
	if want := "arn:aws:iam::" + account + ":oidc-provider/gitlab.com"; id != want || out["arn"] != want {
		t.Fatalf("provider %s: %v", id, out)
	}
	found, err := e.client.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: iam.GetOIDCProviderToken, Args: e.properties(map[string]any{"arn": id})})
	if err != nil || found.Return.AsMap()["id"] != id {
		t.Errorf("found %v, %v", found, err)
	}
	_, role := e.up(iam.RoleToken, "deploy", map[string]any{"name": "deploy", "assumeRolePolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
		`"Principal":{"Federated":"` + id + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"gitlab.com:aud":"aws","gitlab.com:sub":"main"}}}]}`})

	gitlab, err := issuer.Open(c.o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	token, err := gitlab.Sign(issuer.Claims{Issuer: "https://gitlab.com", Audience: "aws", Subject: "main", Issued: time.Now(), Expires: time.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for _, v := range c.Operator {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	client := sts.New(sts.Options{
		Region: region, BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL_STS"]),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"], SessionToken: env["AWS_SESSION_TOKEN"]}, nil
		}),
	})
	session, err := client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(role["arn"].(string)), RoleSessionName: aws.String("job"), WebIdentityToken: &token,
	})
	if err != nil || *session.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/deploy/job" {
		t.Errorf("assumed %v, %v", session, err)
	}
	who, err := client.GetCallerIdentity(t.Context(), nil)
	if err != nil || *who.Account != Account || *who.Arn != "arn:aws:iam::"+Account+":user/administrator" {
		t.Errorf("the keys of a person are of %v, %v", who, err)
	}
}
