package lambda

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"
)

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// newTrace returns an X-Ray header of a request that is not sampled
// (https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html).
func newTrace(now time.Time) string {
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", now.Unix(), randomHex(12), randomHex(8))
}

// newStream returns a log stream name of the form YYYY/MM/DD/[$LATEST]hex32.
func newStream(now time.Time) string {
	return now.UTC().Format("2006/01/02/") + "[" + latest + "]" + randomHex(16)
}
