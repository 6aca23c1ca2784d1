package s3

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/johannesboyne/gofakes3"

	"skiff/local/store"
)

// backend stores objects for gofakes3, which implements the S3 protocol. Only
// resources create and delete buckets.
type backend struct{ b *Buckets }

var _ gofakes3.Backend = backend{}

// given holds the properties of a new object that come from the request's
// headers. It reaches the backend as JSON in a header that no client can send.
// gofakes3 passes on some real headers, keys and tokens among them, and drops
// the headers it does not know.
type given struct {
	Headers map[string]string
	Replace bool // a copy gets these headers, not the headers of its source
}

const givenHeader = "X-Amz-Local-Given"

func givenOf(meta map[string]string) (g given, err error) {
	return g, json.Unmarshal([]byte(meta[givenHeader]), &g)
}

func (k backend) BucketExists(name string) (bool, error) {
	_, err := store.Get[Bucket](k.b.db, BucketToken, name)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (k backend) GetObject(bucket, key string, wanted *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	held, body, err := k.b.objects.open(bucket, key)
	if err != nil {
		return nil, clientError(err, key)
	}
	part, err := wanted.Range(held.Size)
	if err != nil {
		_ = body.Close() // the file was only read
		return nil, err
	}
	if part == nil {
		return held.answer(key, body, nil), nil
	}
	section := io.NewSectionReader(body, part.Start, part.Length)
	return held.answer(key, readCloser{section, body}, part), nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

func (k backend) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	held, err := k.b.objects.get(bucket, key)
	if err != nil {
		return nil, clientError(err, key)
	}
	return held.answer(key, http.NoBody, nil), nil
}

// clientError returns the error that the client gets for err.
func clientError(err error, key string) error {
	if errors.Is(err, errNoObject) {
		return gofakes3.KeyNotFound(key)
	}
	return err
}

func (o object) answer(key string, body io.ReadCloser, part *gofakes3.ObjectRange) *gofakes3.Object {
	headers := map[string]string{"Last-Modified": o.Modified.Format(http.TimeFormat)}
	for name, value := range o.Headers {
		headers[name] = value
	}
	return &gofakes3.Object{Name: key, Metadata: headers, Size: o.Size, Contents: body, Hash: o.MD5, Range: part}
}

func (k backend) PutObject(bucket, key string, meta map[string]string, body io.Reader, size int64, conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	g, err := givenOf(meta)
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	counted := &counter{r: body}
	_, err = k.b.objects.put(bucket, key, g.Headers, counted, func(old *object) error {
		if counted.n != size {
			return gofakes3.ErrorMessage(gofakes3.ErrIncompleteBody, fmt.Sprintf("the body has %d bytes; its declared length is %d", counted.n, size))
		}
		return fits(conditions, old)
	})
	return gofakes3.PutObjectResult{}, err
}

// fits reports an error if a conditional write must fail
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
func fits(conditions *gofakes3.PutConditions, old *object) error {
	if conditions == nil {
		return nil
	}
	info := &gofakes3.ConditionalObjectInfo{}
	if old != nil {
		info.Exists, info.Hash = true, old.MD5
	}
	return gofakes3.CheckPutConditions(conditions, info)
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (k backend) CopyObject(sourceBucket, sourceKey, bucket, key string, meta map[string]string) (gofakes3.CopyObjectResult, error) {
	var none gofakes3.CopyObjectResult
	g, err := givenOf(meta)
	if err != nil {
		return none, err
	}
	source, body, err := k.b.objects.open(sourceBucket, sourceKey)
	if err != nil {
		return none, clientError(err, sourceKey)
	}
	defer body.Close()
	headers := source.Headers
	if g.Replace {
		headers = g.Headers
	}
	copied, err := k.b.objects.put(bucket, key, headers, body, func(*object) error { return nil })
	if err != nil {
		return none, err
	}
	return gofakes3.CopyObjectResult{ETag: gofakes3.FormatETag(copied.MD5), LastModified: gofakes3.NewContentTime(copied.Modified)}, nil
}

func (k backend) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, k.b.objects.delete(bucket, key)
}

func (k backend) DeleteMulti(bucket string, keys ...string) (out gofakes3.MultiDeleteResult, err error) {
	for _, key := range keys {
		out.Deleted = append(out.Deleted, gofakes3.ObjectID{Key: key})
	}
	return out, k.b.objects.delete(bucket, keys...)
}

func (k backend) ListBucket(bucket string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	if prefix == nil {
		prefix = &gofakes3.Prefix{}
	}
	entries, more, err := k.b.objects.list(bucket, prefix.Prefix, prefix.Delimiter, page.Marker, int(page.MaxKeys))
	if err != nil {
		return nil, err
	}
	out := gofakes3.NewObjectList()
	for _, e := range entries {
		if e.object == nil {
			out.AddPrefix(e.Key)
			continue
		}
		out.Add(&gofakes3.Content{
			Key: e.Key, Size: e.Size, ETag: gofakes3.FormatETag(e.MD5),
			LastModified: gofakes3.NewContentTime(e.Modified), StorageClass: gofakes3.StorageStandard,
		})
	}
	if out.IsTruncated = more; more && len(entries) > 0 {
		out.NextMarker = entries[len(entries)-1].Key
	}
	return out, nil
}

// gofakes3.Backend requires the methods below. No route calls them.

func (k backend) ListBuckets() ([]gofakes3.BucketInfo, error) { return nil, gofakes3.ErrNotImplemented }
func (k backend) CreateBucket(string) error                   { return gofakes3.ErrNotImplemented }
func (k backend) DeleteBucket(string) error                   { return gofakes3.ErrNotImplemented }
func (k backend) ForceDeleteBucket(string) error              { return gofakes3.ErrNotImplemented }
