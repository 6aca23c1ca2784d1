// Package bucket signs URLs with which clients reach an S3 bucket directly. A
// request or response through a function has at most 6 MB.
package bucket

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"skiff/lambdas/function"
)

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const (
	maxExpiry   = 7 * 24 * time.Hour
	maxKeyBytes = 1024
)

// Bucket is one bucket.
type Bucket struct {
	client *s3.PresignClient
	name   string
}

// Open returns the bucket whose name is in the environment variable. It fails
// when this variable, or one that Config needs, is missing.
func Open(e function.Environment, variable string) (*Bucket, error) {
	name, err := e.Setting(variable)
	if err != nil {
		return nil, err
	}
	c, err := e.Config("S3")
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(c, func(o *s3.Options) {
		// The host of a custom endpoint does not have a DNS name for each
		// bucket.
		o.UsePathStyle = c.BaseEndpoint != nil
	})
	return &Bucket{client: s3.NewPresignClient(client), name: name}, nil
}

// PresignPut returns a URL with which anyone can PUT the object, any number of
// times until the expiry, at most 7 days. The URL also ends with Lambda's
// credentials, which last some hours. S3 refuses a request with another
// Content-Type. The function needs s3:PutObject for the key.
//
// PresignPut makes no call, so the bucket need not exist. It fails for a key, a
// content type or an expiry that S3 does not accept.
func (b *Bucket) PresignPut(ctx context.Context, key, contentType string, expiry time.Duration) (string, error) {
	switch {
	case key == "" || len(key) > maxKeyBytes:
		return "", fmt.Errorf("bucket: a key has 1 to %d bytes, this one %d", maxKeyBytes, len(key))
	case contentType == "":
		return "", fmt.Errorf("bucket: no content type for %q", key)
	case expiry < time.Second || expiry > maxExpiry:
		return "", fmt.Errorf("bucket: a URL expires in 1s to %s, not in %s", maxExpiry, expiry)
	}
	signed, err := b.client.PresignPutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, ContentType: &contentType,
	}, s3.WithPresignExpires(expiry))
	if err != nil {
		return "", function.Fail(ctx, "s3:PutObject", err)
	}
	return signed.URL, nil
}
