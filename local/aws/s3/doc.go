// Package s3 stands for Amazon S3: buckets and how they are set, as records, and
// their objects, in files.
//
// An object's policies, and those of its bucket, decide who reaches it: by a
// signature, or by a presigned URL, which is plain http of this machine. To a
// policy each request counts as one over TLS, so that a bucket that refuses
// others takes these. Nobody gets in without a signature.
//
// What differs from AWS: a bucket keeps no versions, nothing is encrypted,
// archived or expired, and no ACLs, tags, locks or form uploads are taken; parts
// of an upload are in memory until it is complete, and the ETag of such an object
// is the MD5 of the whole.
package s3
