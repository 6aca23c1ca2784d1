package function

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// AnswerTime is kept back of an invocation's time, for the answer to get out
// before Lambda ends the process.
const AnswerTime = 500 * time.Millisecond

// Deadline returns a context that ends AnswerTime before the invocation does.
// Without a deadline, the context ends only when cancel is called.
func Deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-AnswerTime))
	}
	return context.WithCancel(ctx)
}

// Nonce returns 20 hexadecimal digits that no other call returns. It fails when
// the randomness does.
func Nonce(random io.Reader) (string, error) {
	var nonce [10]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return "", fmt.Errorf("randomness: %w", err)
	}
	return hex.EncodeToString(nonce[:]), nil
}
