package s3

import (
	"encoding/hex"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"
	"time"
)

// checkConditions checks the conditions that gofakes3 ignores. It evaluates the
// conditions of a read, and refuses them on other calls: a write or delete that
// ignored its condition would lose data. gofakes3 handles PutObject, and
// If-None-Match and If-Modified-Since on a read. AWS too answers a copy that
// has conditions with NotImplemented.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-reads.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
func (c *call) checkConditions(o operation) error {
	isCopy := c.Header.Get("X-Amz-Copy-Source") != ""
	switch {
	case o.action == "s3:GetObject":
		return c.checkRead()
	case o.name == "PutObject" && !isCopy:
		return nil
	}
	for _, name := range []string{"If-Match", "If-None-Match", "X-Amz-If-Match-Last-Modified-Time", "X-Amz-If-Match-Size"} {
		if c.Header.Get(name) != "" {
			return refuse(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented: the local cloud does not support %s on this call", name)
		}
	}
	return nil
}

// checkRead evaluates If-Match, and If-Unmodified-Since where there is no
// If-Match.
func (c *call) checkRead() error {
	match, since := c.Header.Get("If-Match"), c.Header.Get("If-Unmodified-Since")
	held, err := c.b.objects.get(c.bucket, c.key)
	if errors.Is(err, errNoObject) {
		return nil // GetObject answers NoSuchKey later
	}
	if err != nil {
		return err
	}
	failed := ""
	at, notTime := http.ParseTime(since)
	switch {
	case match != "":
		if match != "*" && strings.Trim(match, `"`) != hex.EncodeToString(held.MD5) {
			failed = "If-Match"
		}
	case since != "" && notTime == nil && held.Modified.Truncate(time.Second).After(at):
		failed = "If-Unmodified-Since"
	}
	if failed != "" {
		return refuse(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold: %s", failed)
	}
	return nil
}

// refuseConditions refuses a DeleteObjects call if one of its objects has a
// condition, because gofakes3 ignores these conditions.
func refuseConditions(list []byte) error {
	var in struct {
		Objects []struct {
			ETag, LastModifiedTime, Size string
		} `xml:"Object"`
	}
	if err := xml.Unmarshal(list, &in); err != nil {
		return refuse(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	for _, o := range in.Objects {
		if o.ETag+o.LastModifiedTime+o.Size != "" {
			return refuse(http.StatusNotImplemented, "NotImplemented", "the local cloud does not support conditions in DeleteObjects: ETag, LastModifiedTime, Size")
		}
	}
	return nil
}
