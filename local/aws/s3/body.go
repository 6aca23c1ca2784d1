package s3

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"skiff/local/aws/iam"
)

// maxChunkLine is the longest line in a chunked body, in bytes.
const maxChunkLine = 4 << 10

// readBody sets up the decoding of the body: plain with a signed hash, or in
// chunks. It does not check the signatures of chunks. The signature of the
// request is checked elsewhere.
func (c *call) readBody() error {
	switch {
	case c.payload == iam.UnsignedPayload:
	case strings.HasPrefix(c.payload, "STREAMING-"):
		size := c.Header.Get("X-Amz-Decoded-Content-Length")
		n, err := strconv.ParseInt(size, 10, 64)
		if err != nil || n < 0 {
			return refuse(http.StatusLengthRequired, "MissingContentLength", "You must provide the x-amz-decoded-content-length HTTP header.")
		}
		c.Body = &chunks{in: bufio.NewReaderSize(c.Body, maxChunkLine), Closer: c.Body}
		c.ContentLength = n
		c.Header.Set("Content-Length", size)
	default:
		want, err := hex.DecodeString(c.payload)
		if err != nil || len(want) != sha256.Size {
			return refuse(http.StatusBadRequest, "InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-…, or a valid sha256 value.")
		}
		c.Body = &hashed{ReadCloser: c.Body, sum: sha256.New(), want: c.payload}
	}
	return nil
}

// hashed is a body whose read fails at the end if its hash is not the signed
// hash.
type hashed struct {
	io.ReadCloser
	sum  hash.Hash
	want string
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	h.sum.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(h.sum.Sum(nil)) != strings.ToLower(h.want) {
		return n, gofakes3.ErrorMessage(gofakes3.ErrBadDigest, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return n, err
}

// bodyFault turns an error of hashed or chunks into the error that the client
// gets.
func bodyFault(err error) error {
	if e, ok := errors.AsType[gofakes3.Error](err); ok {
		return refuse(e.ErrorCode().Status(), string(e.ErrorCode()), "%s", e.Error())
	}
	return err
}

// chunks decodes a body in which each chunk starts with a line that has its
// length (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html).
type chunks struct {
	in *bufio.Reader
	io.Closer
	left  int64 // bytes left in this chunk
	begun bool
	ended bool
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.ended {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
		if c.ended {
			return 0, io.EOF
		}
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = incomplete()
	}
	return n, err
}

// next reads the line before a chunk, and the trailers after the last chunk.
func (c *chunks) next() error {
	if c.begun {
		if end, err := c.line(); err != nil || end != "" {
			return incomplete()
		}
	}
	c.begun = true
	line, err := c.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	if c.left, err = strconv.ParseInt(size, 16, 64); err != nil || c.left < 0 {
		return incomplete()
	}
	if c.left > 0 {
		return nil
	}
	// The trailers are checksums, one per line. They are ignored: TCP has its
	// own.
	for c.ended = true; ; {
		if line, err := c.line(); err != nil || line == "" {
			return nil
		}
	}
}

func (c *chunks) line() (string, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return "", incomplete()
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

func incomplete() error {
	return gofakes3.ErrorMessage(gofakes3.ErrIncompleteBody, "The request body terminated unexpectedly")
}
