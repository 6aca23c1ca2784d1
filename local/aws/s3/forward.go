package s3

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"skiff/local/aws/iam"
)

// maxMetadata limits the total size of the names and values of user metadata
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html).
const maxMetadata = 2 << 10 // bytes

// forward passes the request to gofakes3, with the bucket in the path. It
// removes the signature, because gofakes3 would store parts of it with the
// object.
func (c *call) forward(w http.ResponseWriter, o operation) error {
	g, err := c.given()
	if err != nil {
		return err
	}
	text, err := json.Marshal(g)
	if err != nil {
		return err
	}
	r := c.Request.Clone(c.Context())
	r.URL.Path, r.URL.RawPath = "/"+c.bucket+"/"+c.key, ""
	if c.key == "" {
		r.URL.Path = "/" + c.bucket
	}
	query := c.query
	query.Del("versionId") // checked before: it is "null" or absent
	r.URL.RawQuery = query.Encode()
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") && (name != "X-Amz-Copy-Source" || o.name != "PutObject") {
			r.Header.Del(name)
		}
	}
	r.Header.Del("Authorization")
	if o.name == "PutObject" || o.name == "CreateMultipartUpload" {
		r.Header.Set(givenHeader, string(text))
	}
	c.inner.ServeHTTP(w, r)
	return nil
}

// given returns the properties of the new object that the request's headers
// contain.
func (c *call) given() (given, error) {
	g := given{Headers: map[string]string{}, Replace: c.Header.Get("X-Amz-Metadata-Directive") == "REPLACE"}
	for _, name := range []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires"} {
		if value := c.Header.Get(name); value != "" {
			g.Headers[name] = value
		}
	}
	if g.Headers["Content-Type"] == "" {
		g.Headers["Content-Type"] = "binary/octet-stream"
	}
	// aws-chunked encodes only the transfer, not the object.
	if encoding := strings.Trim(strings.Replace(g.Headers["Content-Encoding"], "aws-chunked", "", 1), ", "); encoding == "" {
		delete(g.Headers, "Content-Encoding")
	} else {
		g.Headers["Content-Encoding"] = encoding
	}
	size := 0
	for name, values := range c.Header {
		if own, ok := strings.CutPrefix(name, "X-Amz-Meta-"); ok {
			g.Headers[name] = strings.Join(values, ",")
			size += len(own) + len(g.Headers[name])
		}
	}
	if size > maxMetadata {
		return g, refuse(http.StatusBadRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	return g, nil
}

// refuseHeaders refuses headers that change something on AWS and nothing here.
// Encryption and the storage class are accepted and have no effect.
func (c *call) refuseHeaders() error {
	acl := c.Header.Get("X-Amz-Acl")
	unknown := ""
	for name := range c.Header {
		switch {
		case strings.HasPrefix(name, "X-Amz-Server-Side-Encryption-Customer-"), strings.HasPrefix(name, "X-Amz-Object-Lock-"), strings.HasPrefix(name, "X-Amz-Grant-"),
			strings.HasPrefix(name, "X-Amz-Copy-Source-"), name == "X-Amz-Tagging", name == "X-Amz-Website-Redirect-Location", name == "X-Amz-Write-Offset-Bytes",
			name == "X-Amz-Acl" && acl != "private" && acl != "bucket-owner-full-control":
			unknown = name
		}
	}
	if unknown != "" {
		return refuse(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented: the local cloud does not support %s", unknown)
	}
	return nil
}

// maxDelete is the most keys that one call deletes
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
const maxDelete = 1000

// deleteObjects deletes the objects that the caller may delete, and reports an
// error for each of the others.
func (c *call) deleteObjects(w http.ResponseWriter) error {
	var in gofakes3.DeleteRequest
	data, err := io.ReadAll(io.LimitReader(c.Body, 4<<20))
	if err != nil {
		return bodyFault(err)
	}
	if err := xml.Unmarshal(data, &in); err != nil || len(in.Objects) == 0 || len(in.Objects) > maxDelete {
		return refuse(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	if err := refuseConditions(data); err != nil {
		return err
	}
	var out gofakes3.MultiDeleteResult
	var keys []string
	for _, o := range in.Objects {
		err := c.permit("s3:DeleteObject", o.Key)
		denied, isDenied := errors.AsType[*iam.Denied](err)
		switch {
		case isDenied:
			out.Error = append(out.Error, gofakes3.ErrorResult{Key: o.Key, Code: "AccessDenied", Message: denied.Error()})
			continue
		case err != nil:
			return err
		case !in.Quiet:
			out.Deleted = append(out.Deleted, gofakes3.ObjectID{Key: o.Key})
		}
		keys = append(keys, o.Key)
	}
	if err := c.b.objects.delete(c.bucket, keys...); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(w, xml.Header)
	_ = xml.NewEncoder(w).Encode(out) // fails only if the client is gone
	return nil
}

// response replaces the CORS header that gofakes3 sends to every origin with
// the headers of the bucket's CORS rules.
type response struct {
	http.ResponseWriter
	cross http.Header
	begun bool
}

func (w *response) begin() {
	if w.begun {
		return
	}
	w.begun = true
	w.Header().Del("Access-Control-Allow-Origin")
	for name, values := range w.cross {
		w.Header()[name] = values
	}
}

func (w *response) WriteHeader(status int) {
	w.begin()
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(p)
}
