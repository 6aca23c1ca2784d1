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

// Control is where the commands of other terminals reach an open cloud. Whoever has
// the token may do everything there: it is in a file that only the user reads.
type Control struct{ Address, Token string }

// NewControl has a token that nothing else has. The address comes later.
func NewControl() Control { return Control{Token: rand.Text()} }

// tokenHeader is how a request says the token. A page of a browser cannot send it
// to another origin.
const tokenHeader = "X-Local-Token"

// Guard lets only requests with the token come to h. A page in a browser does not
// have it; what it may send anyway is refused by its origin, or by the name of the
// host, which a page chooses by its own domain's DNS.
func (c Control) Guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		switch {
		case own == nil || r.Host != own.String():
			http.Error(w, "this is not the host "+r.Host, http.StatusForbidden)
		case r.Header["Origin"] != nil:
			http.Error(w, "this is for no page of a browser", http.StatusForbidden)
		case subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(c.Token)) != 1:
			http.Error(w, "the token is missing or wrong: another cloud may have taken the place of the one that was here; try again", http.StatusForbidden)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// Ask makes a request with a JSON body, or none where in is nil, and reads the
// answer into out.
func (c Control) Ask(ctx context.Context, method, path string, in, out any) error {
	response, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	d := json.NewDecoder(response.Body)
	d.UseNumber()
	if err := d.Decode(out); err != nil {
		return fmt.Errorf("the answer of the local cloud: %w", err)
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
