package cloud

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/aws/s3"
	"skiff/local/aws/ssm"
)

// TestObjects creates a bucket whose policy requires TLS, and reads an object
// by a URL that a person presigned.
func TestObjects(t *testing.T) {
	t.Parallel()
	c := openCloud(t)
	e := newEngine(t, c)
	bucket, out := e.up(s3.BucketToken, "uploads", map[string]any{"tags": map[string]any{"Own": "x"}})
	if !strings.HasPrefix(bucket, "uploads-") || out["arn"] != "arn:aws:s3:::"+bucket {
		t.Fatalf("bucket %s: %v", bucket, out)
	}
	e.up(s3.CORSToken, "uploads", map[string]any{"bucket": bucket, "corsRules": []any{map[string]any{"allowedMethods": []any{"GET"}, "allowedOrigins": []any{"*"}}}})
	e.up(s3.PolicyToken, "uploads", map[string]any{"bucket": bucket, "policy": `{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::` + bucket + `/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`})
	env := map[string]string{}
	for _, v := range c.Operator {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	if env["AWS_ENDPOINT_URL_SSM"] == "" {
		t.Error("the parameters have no endpoint")
	}
	client := sdk.New(sdk.Options{
		Region: region, BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL_S3"]),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"], SessionToken: env["AWS_SESSION_TOKEN"]}, nil
		}),
	})
	if _, err := client.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: &bucket, Key: aws.String("k"), Body: strings.NewReader("hello")}); err != nil {
		t.Fatal(err)
	}
	signed, err := sdk.NewPresignClient(client).PresignGetObject(t.Context(), &sdk.GetObjectInput{Bucket: &bucket, Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(signed.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if data, err := io.ReadAll(response.Body); err != nil || string(data) != "hello" {
		t.Errorf("read %q, %v", data, err)
	}
}

// TestBucketNotification checks that a bucket notification is refused by name:
// the local cloud sends none.
func TestBucketNotification(t *testing.T) {
	t.Parallel()
	e := newEngine(t, openCloud(t))
	_, err := e.client.Check(t.Context(), &pulumirpc.CheckRequest{Type: "aws:s3/bucketNotification:BucketNotification", Name: "x", News: e.properties(map[string]any{"bucket": "a"})})
	if err == nil || !strings.Contains(err.Error(), "does not know the resource type aws:s3/bucketNotification:BucketNotification") || !strings.Contains(err.Error(), s3.CORSToken) || !strings.Contains(err.Error(), ssm.Token) {
		t.Errorf("%v", err)
	}
}
