package function

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// AnswerTime is reserved at the end of an invocation to send the response
// before Lambda stops the function.
const AnswerTime = 500 * time.Millisecond

// Deadline returns a context that ends AnswerTime before the invocation does.
// Without a deadline, the context ends only when cancel is called.
func Deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-AnswerTime))
	}
	return context.WithCancel(ctx)
}

// Nonce returns 20 random hexadecimal digits, which no other call returns. It
// fails when random does.
func Nonce(random io.Reader) (string, error) {
	var nonce [10]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return "", fmt.Errorf("randomness: %w", err)
	}
	return hex.EncodeToString(nonce[:]), nil
}
