package httpapi

import (
	"net/http"
	"strconv"
	"strings"
)

// isPreflight reports whether a request is a preflight: OPTIONS with both
// headers, for an API with CORS. The gateway answers it if no route matches. An
// ANY or $default route receives it like any other request, so a guarded route
// answers 401. To avoid that, add a public route "OPTIONS /{proxy+}"
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html;
// for ANY: https://github.com/aws/serverless-application-model/issues/1603).
func (c *CORS) isPreflight(r *http.Request) bool {
	return c != nil && r.Method == http.MethodOptions &&
		r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// grant returns Access-Control-Allow-Origin for an origin, or "" if it is not
// allowed. A "*" is sent unchanged; the other forms send the origin (not
// recorded).
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

// preflight sets the headers of a preflight answer. An origin that is not
// allowed gets none. Whether AWS checks the requested method and headers is not
// recorded; the browser checks them.
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

// apply replaces an answer's CORS headers by the configured ones, because API
// Gateway ignores the integration's CORS headers
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
// A preflight that a route answers gets all of them: otherwise the public route
// "OPTIONS /{proxy+}", which the page recommends, could not allow a request.
// The gateway's errors get the headers too, so that a browser can read the
// errors (not recorded).
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
