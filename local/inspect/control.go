package inspect

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// Control is the address of an open cloud for commands in other terminals, and
// the token that allows them everything. The file that keeps it is readable by
// the user only.
type Control struct{ Address, Token string }

// NewControl returns a Control with a random token and no address yet.
func NewControl() Control { return Control{Token: rand.Text()} }

// tokenHeader is the header of the token. A browser sends a custom header to
// another origin only after a preflight request, which the cloud refuses.
const tokenHeader = "X-Local-Token"

// Guard passes only requests with the token to h. It also refuses requests with
// an Origin header, which browsers send, and requests for another host name,
// which stops DNS rebinding.
func (c Control) Guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		switch {
		case own == nil || r.Host != own.String():
			http.Error(w, "the Host "+r.Host+" is not this address", http.StatusForbidden)
		case r.Header["Origin"] != nil:
			http.Error(w, "a web page must not call this address", http.StatusForbidden)
		case subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(c.Token)) != 1:
			http.Error(w, "the token is missing or wrong: another local cloud may use this address now; try again", http.StatusForbidden)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// Ask sends a request, with in as JSON unless it is nil, and decodes the answer
// into out.
func (c Control) Ask(ctx context.Context, method, path string, in, out any) error {
	response, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	d := json.NewDecoder(response.Body)
	d.UseNumber()
	if err := d.Decode(out); err != nil {
		return fmt.Errorf("decode the answer of the local cloud: %w", err)
	}
	return nil
}

func (c Control) do(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.Address+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set(tokenHeader, c.Token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("the local cloud does not answer: %w", err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return nil, errors.New(strings.TrimSpace(string(data)))
}
