// Package s3 emulates Amazon S3: buckets and their settings as records, and
// their objects as files.
//
// Policies of the caller and of the bucket decide who may reach an object. A
// request is signed, or uses a presigned URL, which is plain HTTP on this
// machine. Policies see each request as a TLS request, so a bucket that denies
// plain HTTP works here. Unsigned requests are refused.
//
// Differences from AWS: buckets keep no versions. Nothing is encrypted,
// archived or expired. ACLs, tags, locks and form uploads are refused. The
// parts of an upload stay in memory until it is complete, and its ETag is the
// MD5 of the whole object.
package s3
