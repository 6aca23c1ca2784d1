package s3

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// front is the S3 endpoint for functions, people and presigned URLs. It
// authorizes requests; gofakes3 answers them.
type front struct {
	b     *Buckets
	inner http.Handler
}

// Handler returns the endpoint of the objects. The bucket is the first part of
// the path, or the host name before .localhost: BUCKET.localhost.
func (b *Buckets) Handler() http.Handler {
	return &front{b, gofakes3.New(backend{b}, gofakes3.WithMetadataSizeLimit(0), gofakes3.WithTimeSkewLimit(0)).Server()}
}

// fault is an error in S3's form
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
type fault struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
	status  int
}

func (f *fault) Error() string { return f.Code + ": " + f.Message }

func refuse(status int, code, format string, args ...any) error {
	return &fault{Code: code, Message: fmt.Sprintf(format, args...), status: status}
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{front: f, Request: r, query: r.URL.Query()}
	c.bucket, c.key = address(r)
	if r.Method == http.MethodOptions {
		f.preflight(w, c)
		return
	}
	answer := &response{ResponseWriter: w, cross: f.crossOrigin(c)}
	if err := c.serve(answer); err != nil {
		fail(answer, r, err)
	}
	answer.begin() // for a response without a body or a status
}

// address returns the bucket and the key that a request names.
func address(r *http.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if bucket, ok := strings.CutSuffix(host, ".localhost"); ok {
		return bucket, path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

// fail answers with an error. The response to a HEAD request has no body.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	f := &fault{Code: "InternalError", Message: err.Error(), status: http.StatusInternalServerError}
	if denied, ok := errors.AsType[*iam.Denied](err); ok {
		f = &fault{Code: "AccessDenied", Message: denied.Error(), status: http.StatusForbidden}
	} else if unsigned, ok := errors.AsType[*awserr.Error](err); ok {
		f = signatureFault(unsigned)
	} else if known, ok := errors.AsType[*fault](err); ok {
		f = known
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, xml.Header)
		_ = xml.NewEncoder(w).Encode(f) // fails only if the client is gone
	}
}

// signatureFault returns S3's own error for a signature error.
func signatureFault(e *awserr.Error) *fault {
	f := &fault{Code: e.Code, Message: e.Message, status: http.StatusForbidden}
	switch e.Code {
	case "UnrecognizedClientException":
		f.Code, f.Message = "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
	case "MissingAuthenticationTokenException":
		f.Code, f.Message = "AccessDenied", "Access Denied: the request is not signed, and the local cloud requires a signature"
	case "ExpiredTokenException":
		f.Code, f.status = "ExpiredToken", http.StatusBadRequest
	case "IncompleteSignatureException":
		f.Code, f.status = "AuthorizationHeaderMalformed", http.StatusBadRequest
	case "AuthorizationQueryParametersError", "InvalidRequest":
		f.status = http.StatusBadRequest
	}
	return f
}

// call is one request.
type call struct {
	*front
	*http.Request
	query       url.Values
	bucket, key string
	caller      iam.Caller
	payload     string // hash of the body, or a constant such as UNSIGNED-PAYLOAD
	held        store.Record[Bucket]
	policy      *iam.Document
}

func (c *call) serve(w http.ResponseWriter) (err error) {
	if c.caller, c.payload, err = c.b.authority.AuthenticateObject(c.Request); err != nil {
		return err
	}
	c.adoptQuery()
	o, known := operationOf(c.Method, c.key != "", c.query)
	if !known || c.bucket == "" || o.name == "UploadPart" && c.Header.Get("X-Amz-Copy-Source") != "" {
		return refuse(http.StatusNotImplemented, "NotImplemented", "the local cloud does not support this S3 call: %s %s", c.Method, c.URL.Path)
	}
	if err := c.findBucket(); err != nil {
		return err
	}
	if err := c.refuseHeaders(); err != nil {
		return err
	}
	if err := c.permitted(o); err != nil {
		return err
	}
	if err := c.checkConditions(o); err != nil {
		return err
	}
	if err := c.readBody(); err != nil {
		return err
	}
	if o.name == "DeleteObjects" {
		return c.deleteObjects(w)
	}
	return c.forward(w, o)
}

// adoptQuery copies parameters of a presigned URL to the headers they replace.
func (c *call) adoptQuery() {
	for name, values := range c.query {
		lower := strings.ToLower(name)
		switch lower {
		case "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature", "x-amz-security-token":
			continue
		}
		if strings.HasPrefix(lower, "x-amz-") && c.Header.Get(name) == "" {
			c.Header.Set(name, values[0])
		}
	}
}

// findBucket reads the bucket and its policy. A missing bucket counts as the
// caller's own, so that only the caller's policies decide whether they see
// NoSuchBucket or AccessDenied.
func (c *call) findBucket() error {
	var err error
	c.policy = &iam.Document{}
	c.held, err = store.Get[Bucket](c.b.db, BucketToken, c.bucket)
	if errors.Is(err, store.ErrNotFound) {
		c.held = store.Record[Bucket]{Account: c.caller.Account()}
		return nil
	}
	if err != nil {
		return err
	}
	switch owner := c.Header.Get("X-Amz-Expected-Bucket-Owner"); {
	case c.caller.Region != c.held.Region:
		return refuse(http.StatusBadRequest, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region '%s' is wrong; expecting '%s'", c.caller.Region, c.held.Region)
	case owner != "" && owner != c.held.Account:
		return refuse(http.StatusForbidden, "AccessDenied", "bucket %s does not belong to account %s", c.bucket, owner)
	}
	c.policy, err = c.b.policyOf(c.bucket)
	return err
}

// permitted authorizes an operation. A caller who may not list the bucket gets
// AccessDenied for a missing key, not NoSuchKey
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
func (c *call) permitted(o operation) error {
	if o.name == "DeleteObjects" {
		return c.exists() // deleteObjects authorizes each object
	}
	if err := c.permit(o.action, c.key); err != nil {
		return err
	}
	if err := c.exists(); err != nil {
		return err
	}
	if source := c.Header.Get("X-Amz-Copy-Source"); source != "" && o.name == "PutObject" {
		return c.permitSource(source)
	}
	if o.action == "s3:GetObject" {
		return c.hideMissing()
	}
	return nil
}

func (c *call) hideMissing() error {
	if _, err := c.b.objects.get(c.bucket, c.key); !errors.Is(err, errNoObject) {
		return err
	}
	return c.permit("s3:ListBucket", "")
}

func (c *call) exists() error {
	if c.held.ID == "" {
		return refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist: %s", c.bucket)
	}
	return nil
}

// permit authorizes an action on an object, or on the bucket if key is empty.
func (c *call) permit(action, key string) error {
	asked := iam.Request{Action: action, Resource: bucketARN(c.bucket), Owner: c.held.Account, Policy: c.policy}
	if key != "" {
		asked.Resource += "/" + key
	} else if prefix, ok := c.query["prefix"]; ok {
		asked.Context = map[string][]string{"s3:prefix": prefix}
	}
	return c.b.authority.Authorize(c.caller, asked)
}

// permitSource authorizes the read of a copy's source, and rewrites the
// source's name in the form that gofakes3 expects.
func (c *call) permitSource(source string) error {
	path, err := url.PathUnescape(strings.TrimPrefix(source, "/"))
	bucket, key, ok := strings.Cut(path, "/")
	if err != nil || !ok || strings.Contains(source, "?versionId=") {
		return refuse(http.StatusBadRequest, "InvalidArgument", "the copy source %q must be BUCKET/KEY, without a version", source)
	}
	from := *c
	from.bucket, from.key, from.query = bucket, key, url.Values{}
	from.Request = c.Request.Clone(c.Context())
	from.Header.Del("X-Amz-Expected-Bucket-Owner")
	if err := from.findBucket(); err != nil {
		return err
	}
	if err := from.permit("s3:GetObject", key); err != nil {
		return err
	}
	if err := from.exists(); err != nil {
		return err
	}
	if err := from.hideMissing(); err != nil {
		return err
	}
	c.Header.Set("X-Amz-Copy-Source", "/"+bucket+"/"+url.QueryEscape(key))
	return nil
}
