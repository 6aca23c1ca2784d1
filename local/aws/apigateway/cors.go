package apigateway

import (
	"net/http"
	"strconv"
	"strings"
)

// isPreflight reports whether the gateway itself answers: with CORS configured
// it does so for an OPTIONS request with both headers, whatever routes there are
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
func (c *CORS) isPreflight(r *http.Request) bool {
	return c != nil && r.Method == http.MethodOptions &&
		r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// grant is the value of Access-Control-Allow-Origin for an origin, "" for none.
// A full "*" is sent as such; the other forms name the origin (not recorded).
func (c *CORS) grant(origin string) string {
	if origin == "" {
		return ""
	}
	granted := ""
	for _, allowed := range c.AllowOrigins {
		scheme, any := strings.CutSuffix(allowed, "*")
		switch {
		case allowed == "*":
			return "*"
		case allowed == origin, any && (scheme == "https://" || scheme == "http://") && strings.HasPrefix(origin, scheme):
			granted = origin
		}
	}
	return granted
}

// preflight sets the headers of a preflight answer. A foreign origin gets none.
// Whether AWS compares the asked method and headers is not recorded; the browser
// does.
func (c *CORS) preflight(h http.Header, r *http.Request) {
	if !c.allow(h, r) {
		return
	}
	setList(h, "Access-Control-Allow-Methods", c.AllowMethods)
	setList(h, "Access-Control-Allow-Headers", c.AllowHeaders)
	if c.MaxAge != 0 {
		h.Set("Access-Control-Max-Age", strconv.Itoa(int(c.MaxAge.Seconds())))
	}
}

// apply replaces the CORS headers of an answer by the configured ones: those of
// the integration are ignored (documented on the page above). The gateway's own
// errors carry them too, else a browser could not read them (not recorded).
func (c *CORS) apply(h http.Header, r *http.Request) {
	if c == nil {
		return
	}
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			h.Del(name)
		}
	}
	c.allow(h, r)
}

func (c *CORS) allow(h http.Header, r *http.Request) bool {
	granted := c.grant(r.Header.Get("Origin"))
	if granted == "" {
		return false
	}
	h.Set("Access-Control-Allow-Origin", granted)
	if c.AllowCredentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	setList(h, "Access-Control-Expose-Headers", c.ExposeHeaders)
	return true
}

func setList(h http.Header, name string, values []string) {
	if len(values) > 0 {
		h.Set(name, strings.Join(values, ","))
	}
}
