package httpapi

import (
	"net/http"
	"strconv"
	"strings"
)

// isPreflight reports whether a request is a preflight of an API with CORS: an
// OPTIONS request with both headers. The gateway answers it itself where no
// route matches; an ANY or $default route receives it like any other request,
// so a guarded one answers 401. A public "OPTIONS /{proxy+}" route is the remedy
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html;
// for ANY: https://github.com/aws/serverless-application-model/issues/1603).
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

// apply replaces the CORS headers of an answer by the configured ones: API
// Gateway ignores those of the integration
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
// A preflight that a route answers has all of them, for the remedy of that page
// works by no other way. The gateway's own errors carry the headers too, else a
// browser could not read them (not recorded).
func (c *CORS) apply(h http.Header, r *http.Request) {
	if c == nil {
		return
	}
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			h.Del(name)
		}
	}
	if c.isPreflight(r) {
		c.preflight(h, r)
		return
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
