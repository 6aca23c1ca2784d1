// Package payload is what the events of HTTP APIs and of WebSocket APIs have in
// common.
package payload

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Encode writes an event as JSON. HTML characters stay as they are, as in every
// recorded event.
func Encode(event any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(event); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// NewID makes the id of a request, a connection or a message, in the form of the
// recorded ones: 15 characters and a "=". Its 88 random bits make it as good as
// unguessable.
func NewID() string {
	b := make([]byte, 11)
	_, _ = rand.Read(b) // never fails
	return base64.URLEncoding.EncodeToString(b)
}

// NewTrace returns an X-Amzn-Trace-Id as the gateway sets it.
func NewTrace(now time.Time) string {
	b := make([]byte, 12)
	_, _ = rand.Read(b)
	return fmt.Sprintf("Root=1-%08x-%s", now.Unix(), hex.EncodeToString(b))
}
