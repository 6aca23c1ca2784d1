package s3

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// BucketToken is the type token of a bucket.
const BucketToken = "aws:s3/bucketV2:BucketV2"

// Bucket holds a bucket's inputs. Settings that have a resource type in AWS are
// declared only by that type.
type Bucket struct {
	Bucket       string            `json:"bucket" aws:"replace"`
	ForceDestroy bool              `json:"forceDestroy,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
}

// BucketOutputs holds the outputs that AWS adds to a bucket.
type BucketOutputs struct {
	ARN                      string `json:"arn"`
	BucketDomainName         string `json:"bucketDomainName"`
	BucketRegionalDomainName string `json:"bucketRegionalDomainName"`
	Region                   string `json:"region"`
}

// Options configures Buckets.
type Options struct {
	Store     *store.Store
	Authority *iam.Authority
	Dir       string // where the objects are stored
}

// Buckets holds the declared buckets, their settings and their objects. It is
// safe for concurrent use.
type Buckets struct {
	db        *store.Store
	authority *iam.Authority
	objects   *objects
}

// Open returns the buckets in the store. The objects are in o.Dir, which no
// other process may have open.
func Open(o Options) (*Buckets, error) {
	held, err := openObjects(o.Dir)
	if err != nil {
		return nil, err
	}
	return &Buckets{o.Store, o.Authority, held}, nil
}

// Close closes the index of the objects.
func (b *Buckets) Close() error { return b.objects.db.Close() }

// Types returns the resource types of S3.
func (b *Buckets) Types() []provider.Kind {
	return []provider.Kind{buckets(b), corsRules(b), encryption(b), lifecycles(b), ownershipControls(b), policies(b), publicAccessBlocks(b), versioning(b)}
}

// buckets returns the resource type of a bucket. Bucket names are unique
// across all accounts, so the name alone is the key in the store.
func buckets(b *Buckets) *provider.Resource[Bucket, BucketOutputs] {
	return &provider.Resource[Bucket, BucketOutputs]{
		Token: BucketToken, Named: "bucket", MaxName: 63,
		Check:   checkBucket,
		ID:      func(_ provider.Call, in Bucket) string { return in.Bucket },
		Create:  b.createBucket,
		Delete:  b.deleteBucket,
		Actions: b.bucketActions,
		Describe: func(r store.Record[Bucket]) BucketOutputs {
			return BucketOutputs{
				ARN: bucketARN(r.ID), Region: r.Region,
				BucketDomainName: r.ID + ".s3.amazonaws.com", BucketRegionalDomainName: r.ID + ".s3." + r.Region + ".amazonaws.com",
			}
		},
	}
}

func bucketARN(name string) string { return "arn:aws:s3:::" + name }

var (
	nameForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	addressForm = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
)

// checkBucket reports a name that breaks the rules at
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html.
func checkBucket(in Bucket) []provider.Problem {
	reason := ""
	switch name := in.Bucket; {
	case name == "":
	case !nameForm.MatchString(name):
		reason = "must be 3 to 63 characters of a-z, 0-9, . and -, and begin and end with a letter or a digit"
	case strings.Contains(name, ".."):
		reason = "has two dots in a row"
	case addressForm.MatchString(name):
		reason = "has the form of an IP address"
	default:
		reason = reserved(name)
	}
	if reason == "" {
		return nil
	}
	return []provider.Problem{{Property: "bucket", Reason: fmt.Sprintf("%q %s", in.Bucket, reason)}}
}

func reserved(name string) string {
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, prefix) {
			return "begins with " + prefix + ", which AWS reserves"
		}
	}
	for _, suffix := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, suffix) {
			return "ends with " + suffix + ", which AWS reserves"
		}
	}
	return ""
}

// createBucket first removes the objects that a late write left while an
// earlier bucket of this name was deleted.
func (b *Buckets) createBucket(_ context.Context, _ provider.Call, r *store.Record[Bucket]) error {
	_, err := store.Get[Bucket](b.db, BucketToken, r.ID)
	if errors.Is(err, store.ErrNotFound) {
		return b.objects.drop(r.ID)
	}
	return err
}

// deleteBucket also deletes the bucket's settings, as
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html does.
// It deletes the objects only with forceDestroy.
func (b *Buckets) deleteBucket(_ context.Context, _ provider.Call, r store.Record[Bucket]) error {
	empty, err := b.objects.empty(r.ID)
	if err != nil {
		return err
	}
	if !empty && !r.Inputs.ForceDestroy {
		return awserr.New("BucketNotEmpty", "The bucket you tried to delete is not empty: %s (delete its objects, or set forceDestroy and run pulumi up --stack STACK first)", r.ID)
	}
	if err := b.objects.drop(r.ID); err != nil {
		return err
	}
	for _, token := range settingTokens() {
		if err := store.Delete(b.db, token, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// checkOwn refuses a setting of a bucket that does not exist or belongs to
// another account.
func (b *Buckets) checkOwn(bucket, account string) error {
	r, err := store.Get[Bucket](b.db, BucketToken, bucket)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return awserr.New("NoSuchBucket", "The specified bucket does not exist: %s", bucket)
	case err == nil && r.Account != account:
		return awserr.New("AccessDenied", "bucket %s does not belong to account %s", bucket, account)
	}
	return err
}
