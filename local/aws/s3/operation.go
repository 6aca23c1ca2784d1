package s3

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is an S3 call and the action that it needs
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html).
type operation struct {
	name     string
	method   string
	object   bool     // the call is on an object, not on a bucket
	required []string // query parameters that identify the call
	optional []string // other query parameters that it may have
	action   string   // on the object or the bucket
}

// operations returns the supported calls. A request with any other query
// parameter is refused: a PutObject that ignored ?tagging would replace the
// object with its tags.
func operations() []operation {
	answer := []string{"response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language", "response-content-type", "response-expires"}
	page := []string{"list-type", "prefix", "delimiter", "marker", "max-keys", "continuation-token", "start-after", "fetch-owner", "encoding-type"}
	uploads := []string{"prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"}
	return []operation{
		{"GetObject", http.MethodGet, true, nil, answer, "s3:GetObject"},
		{"HeadObject", http.MethodHead, true, nil, answer, "s3:GetObject"},
		{"PutObject", http.MethodPut, true, nil, nil, "s3:PutObject"},
		{"DeleteObject", http.MethodDelete, true, nil, nil, "s3:DeleteObject"},
		{"CreateMultipartUpload", http.MethodPost, true, []string{"uploads"}, nil, "s3:PutObject"},
		{"UploadPart", http.MethodPut, true, []string{"partNumber", "uploadId"}, nil, "s3:PutObject"},
		{"CompleteMultipartUpload", http.MethodPost, true, []string{"uploadId"}, nil, "s3:PutObject"},
		{"AbortMultipartUpload", http.MethodDelete, true, []string{"uploadId"}, nil, "s3:AbortMultipartUpload"},
		{"ListParts", http.MethodGet, true, []string{"uploadId"}, []string{"max-parts", "part-number-marker", "encoding-type"}, "s3:ListMultipartUploadParts"},
		{"ListObjects", http.MethodGet, false, nil, page, "s3:ListBucket"},
		{"HeadBucket", http.MethodHead, false, nil, nil, "s3:ListBucket"},
		{"GetBucketLocation", http.MethodGet, false, []string{"location"}, nil, "s3:GetBucketLocation"},
		{"ListMultipartUploads", http.MethodGet, false, []string{"uploads"}, uploads, "s3:ListBucketMultipartUploads"},
		{"DeleteObjects", http.MethodPost, false, []string{"delete"}, nil, "s3:DeleteObject"},
	}
}

// Operations returns the names of the supported calls.
func (f *front) Operations() []string {
	var names []string
	for _, o := range operations() {
		names = append(names, o.name)
	}
	return names
}

// operationOf returns the operation that matches a request's method and query.
// It ignores the parameters of a signature and x-id, which SDKs add.
func operationOf(method string, onObject bool, query url.Values) (operation, bool) {
	var names []string
	for name := range query {
		if !strings.HasPrefix(strings.ToLower(name), "x-amz-") && name != "x-id" && (name != "versionId" || query.Get(name) != "null") {
			names = append(names, name)
		}
	}
	for _, o := range operations() {
		if o.method == method && o.object == onObject && o.accepts(names) {
			return o, true
		}
	}
	return operation{}, false
}

func (o operation) accepts(names []string) bool {
	for _, name := range o.required {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return !slices.ContainsFunc(names, func(name string) bool {
		return !slices.Contains(o.required, name) && !slices.Contains(o.optional, name)
	})
}
