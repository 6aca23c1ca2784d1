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

// maxValue is the size of a secret's value, in bytes
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
const maxValue = 65536

// maxLine is what a terminal passes on of one line, in bytes: macOS takes 1,024
// with the newline, Linux 4,096, and either drops the rest without a word.
const maxLine = 1023

// readValue reads a value from standard input and cuts the newline at its end.
// Its errors name the secret and never the value.
func readValue(ctx context.Context, stdin io.Reader, stderr io.Writer, secret string) (string, error) {
	var data []byte
	var err error
	if terminal, ok := stdin.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		fmt.Fprintf(stderr, "value of secret %s (not shown), then Enter: ", secret)
		data, err = readLine(ctx, int(terminal.Fd()))
		fmt.Fprintln(stderr)
		if len(data) >= maxLine {
			return "", fmt.Errorf("the value may be cut: a terminal passes on %d bytes of a line; write it to a file and use: go run ./infra/key -stdin %s < FILE", maxLine, secret)
		}
	} else {
		// Two bytes more, for the newline.
		data, err = io.ReadAll(io.LimitReader(stdin, maxValue+3))
	}
	if err != nil {
		return "", fmt.Errorf("read the value of secret %s: %w", secret, err)
	}
	data = cutNewline(data)
	switch {
	case len(data) == 0:
		return "", fmt.Errorf("the value of secret %s is empty: pass it on standard input, such as: go run ./infra/key -stdin %s < FILE", secret, secret)
	case len(data) > maxValue:
		return "", fmt.Errorf("the value of secret %s has more than the %d bytes that Secrets Manager takes", secret, maxValue)
	case !utf8.Valid(data):
		return "", fmt.Errorf("the value of secret %s is not UTF-8 text: encode it first, such as with base64", secret)
	}
	return string(data), nil
}

func cutNewline(data []byte) []byte {
	data, cut := bytes.CutSuffix(data, []byte("\n"))
	if cut {
		data, _ = bytes.CutSuffix(data, []byte("\r"))
	}
	return data
}

// readLine reads a line from a terminal that does not show it. When ctx ends,
// the terminal shows what is typed again.
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
