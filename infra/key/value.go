package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

// maxValue is the maximum size of a secret's value, in bytes.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const maxValue = 65536

// maxLine is the longest line that every terminal passes on, in bytes. With the
// newline, macOS limits a line to 1,024 and Linux to 4,096. Both drop the rest
// silently.
const maxLine = 1023

// readValue reads a value from standard input and removes the newline at its
// end. Its errors name the secret, never the value.
func readValue(ctx context.Context, stdin io.Reader, stderr io.Writer, secret string) (string, error) {
	var data []byte
	var err error
	if terminal, ok := stdin.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		fmt.Fprintf(stderr, "value of secret %s (not shown), then Enter: ", secret)
		data, err = readLine(ctx, int(terminal.Fd()))
		fmt.Fprintln(stderr)
		if len(data) >= maxLine {
			return "", fmt.Errorf("the value may be incomplete, because a terminal passes on only %d bytes of a line; write it to a file and run: go run ./infra/key -stdin %s < FILE", maxLine, secret)
		}
	} else {
		// Two more bytes for a newline, and one to notice a value that is too
		// long.
		data, err = io.ReadAll(io.LimitReader(stdin, maxValue+3))
	}
	if err != nil {
		return "", fmt.Errorf("read the value of secret %s: %w", secret, err)
	}
	data = cutNewline(data)
	switch {
	case len(data) == 0:
		return "", fmt.Errorf("the value of secret %s is empty: pass it on standard input: go run ./infra/key -stdin %s < FILE", secret, secret)
	case len(data) > maxValue:
		return "", fmt.Errorf("the value of secret %s has more than the %d bytes that Secrets Manager accepts", secret, maxValue)
	case !utf8.Valid(data):
		return "", fmt.Errorf("the value of secret %s is not UTF-8 text: encode it first, for example with base64", secret)
	}
	return string(data), nil
}

// cutNewline removes one newline, or a carriage return and a newline, from the
// end.
func cutNewline(data []byte) []byte {
	data, cut := bytes.CutSuffix(data, []byte("\n"))
	if cut {
		data, _ = bytes.CutSuffix(data, []byte("\r"))
	}
	return data
}

// readLine reads a line from a terminal without showing it. When ctx ends, it
// restores the terminal so that it shows input again.
func readLine(ctx context.Context, terminal int) ([]byte, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return nil, err
	}
	type result struct {
		line []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		line, err := term.ReadPassword(terminal)
		read <- result{line, err}
	}()
	select {
	case r := <-read:
		return r.line, r.err
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), term.Restore(terminal, before))
	}
}
