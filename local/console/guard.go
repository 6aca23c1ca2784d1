package console

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// policy allows a page to load only what the console serves. It forbids inline
// scripts, and other sites must not frame the page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm is the maximum size of a form in bytes.
const maxForm = 16 << 10

// hostsOf returns the Host headers that address a gateway on this machine.
func hostsOf(gateway string) map[string]bool {
	u, err := url.Parse(gateway)
	if err != nil {
		return nil
	}
	hosts := map[string]bool{u.Host: true}
	if port := u.Port(); port != "" {
		hosts[net.JoinHostPort("127.0.0.1", port)], hosts[net.JoinHostPort("localhost", port)] = true, true
	}
	return hosts
}

// Serves reports whether a request is for the console: its path is below Path
// and its host is this machine. Custom domains of the stack have their own
// paths.
func (c *Console) Serves(r *http.Request) bool {
	return r.TLS == nil && (strings.HasPrefix(r.URL.Path, Path) || r.URL.Path+"/" == Path) && c.hosts[strings.ToLower(r.Host)]
}

// ServeHTTP answers requests whose host is this machine. It refuses any other
// host name, which stops DNS rebinding.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if !c.Serves(r) {
		http.Error(w, "the console answers only at its own address: open "+c.o.URL+Path, http.StatusMisdirectedRequest)
		return
	}
	c.mux.ServeHTTP(w, r)
}

// changing guards handlers that change something. The request must come from
// the console's origin (https://pkg.go.dev/net/http#CrossOriginProtection), and
// its form must have the token of this process.
func (c *Console) changing(do func(w http.ResponseWriter, r *http.Request)) http.Handler {
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "the form is malformed", http.StatusBadRequest)
			return
		}
		if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("token")), []byte(c.token)) != 1 {
			http.Error(w, "the form's token is not from this run of the local cloud: reload the page", http.StatusForbidden)
			return
		}
		do(w, r)
	})
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "only pages of the console may send this request", http.StatusForbidden)
	}))
	return protection.Handler(c.sameOrigin(guarded))
}

// sameOrigin refuses an Origin that is not the console's, such as another port
// or a sandboxed frame. A page without referrers sends null even to its own
// origin, so then Sec-Fetch-Site decides
// (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
func (c *Console) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		own := origin == "" || origin == "http://"+r.Host || origin == "null" && r.Header.Get("Sec-Fetch-Site") == "same-origin"
		if !own {
			http.Error(w, "only pages of the console may send this request", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
