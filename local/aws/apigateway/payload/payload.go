// Package payload has what the events of HTTP APIs and WebSocket APIs share.
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

// Encode encodes an event as JSON. HTML characters are not escaped, as in every
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

// NewID returns the id of a request, a connection or a message, in the recorded
// form: 15 characters and a "=". It has 88 random bits, so it cannot be
// guessed.
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
