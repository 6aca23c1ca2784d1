package s3

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is a call of S3 and the right that it needs
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html).
type operation struct {
	name     string
	method   string
	object   bool     // it is on an object, and not on a bucket
	required []string // query parameters that tell it from others
	optional []string // those that it may have besides
	action   string   // of the object or the bucket
}

// operations are those that are served. A request with another parameter is none
// of them: to pass over one such as tagging would be to write an object in place
// of its tags.
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

// Operations lists what is answered.
func (f *front) Operations() []string {
	var names []string
	for _, o := range operations() {
		names = append(names, o.name)
	}
	return names
}

// operationOf finds the operation of a request, by its method and its query
// without what signs it or names an SDK's call.
func operationOf(method string, onObject bool, query url.Values) (operation, bool) {
	var names []string
	for name := range query {
		if !strings.HasPrefix(strings.ToLower(name), "x-amz-") && name != "x-id" && (name != "versionId" || query.Get(name) != "null") {
			names = append(names, name)
		}
	}
	for _, o := range operations() {
		if o.method == method && o.object == onObject && o.takes(names) {
			return o, true
		}
	}
	return operation{}, false
}

func (o operation) takes(names []string) bool {
	for _, name := range o.required {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return !slices.ContainsFunc(names, func(name string) bool {
		return !slices.Contains(o.required, name) && !slices.Contains(o.optional, name)
	})
}
