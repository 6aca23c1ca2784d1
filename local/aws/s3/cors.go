package s3

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// See https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html.
const (
	maxCORSRules = 100
	maxCORSID    = 255 // characters
)

// CORS holds the CORS rules of a bucket: which web pages of other origins may
// use it.
type CORS struct {
	Bucket string     `json:"bucket" aws:"required,replace"`
	Rules  []CORSRule `json:"corsRules" aws:"required,set"`
}

// CORSRule is one rule. The first rule that matches a request applies.
type CORSRule struct {
	ID             string   `json:"id,omitempty" aws:"idle"`
	AllowedHeaders []string `json:"allowedHeaders,omitempty"`
	AllowedMethods []string `json:"allowedMethods" aws:"required"`
	AllowedOrigins []string `json:"allowedOrigins" aws:"required"`
	ExposeHeaders  []string `json:"exposeHeaders,omitempty"`
	MaxAgeSeconds  int      `json:"maxAgeSeconds,omitempty"`
}

// corsRules returns the resource type of CORS.
func corsRules(b *Buckets) *provider.Resource[CORS, struct{}] {
	return setting(b, CORSToken, func(in CORS) string { return in.Bucket }, checkCORS, nil, corsActions)
}

// checkCORS reports what
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
// rejects.
func checkCORS(in CORS) []provider.Problem {
	var problems provider.Problems
	problems.AtMost("corsRules", len(in.Rules), maxCORSRules, "rules")
	for i, rule := range in.Rules {
		property := fmt.Sprintf("corsRules[%d].", i)
		for _, method := range rule.AllowedMethods {
			problems.OneOf(property+"allowedMethods", method, "GET", "PUT", "HEAD", "POST", "DELETE")
		}
		for name, patterns := range map[string][]string{"allowedOrigins": rule.AllowedOrigins, "allowedHeaders": rule.AllowedHeaders} {
			for _, p := range patterns {
				if strings.Count(p, "*") > 1 {
					problems.Add(property+name, "%q has more than one wildcard", p)
				}
			}
		}
		for _, h := range rule.ExposeHeaders {
			if strings.Contains(h, "*") {
				problems.Add(property+"exposeHeaders", "%q has a wildcard, which S3 does not allow here", h)
			}
		}
		problems.MaxCharacters(property+"id", rule.ID, maxCORSID)
	}
	return problems
}

// allows reports whether the rule matches an origin, a method and the headers
// that a preflight request lists.
func (c CORSRule) allows(origin, method string, headers []string) bool {
	fits := func(patterns []string, value string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			before, after, wild := strings.Cut(p, "*")
			return p == value || wild && len(value) >= len(before)+len(after) && strings.HasPrefix(value, before) && strings.HasSuffix(value, after)
		})
	}
	lower := make([]string, len(c.AllowedHeaders))
	for i, h := range c.AllowedHeaders {
		lower[i] = strings.ToLower(h)
	}
	return fits(c.AllowedOrigins, origin) && slices.Contains(c.AllowedMethods, method) &&
		!slices.ContainsFunc(headers, func(h string) bool { return !fits(lower, h) })
}

// ruleFor returns the bucket's first rule that matches a request, or nil if
// none does. configured reports whether the bucket has any rules.
func (b *Buckets) ruleFor(bucket, origin, method string, headers []string) (rule *CORSRule, configured bool, err error) {
	r, err := store.Get[CORS](b.db, CORSToken, bucket)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	for _, rule := range r.Inputs.Rules {
		if rule.allows(origin, method, headers) {
			return &rule, true, nil
		}
	}
	return nil, true, nil
}

// crossOrigin returns the CORS headers of the response, or nil if no rule
// matches the request.
func (f *front) crossOrigin(c *call) http.Header {
	origin := c.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	rule, _, err := f.b.ruleFor(c.bucket, origin, c.Method, nil)
	if err != nil || rule == nil {
		return nil
	}
	return rule.headers(origin, nil)
}

// headers returns the response headers that
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html describes.
func (c CORSRule) headers(origin string, asked []string) http.Header {
	h := http.Header{}
	if slices.Contains(c.AllowedOrigins, "*") {
		h.Set("Access-Control-Allow-Origin", "*")
	} else {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(c.AllowedMethods, ", "))
	h.Set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
	if len(asked) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
	}
	if len(c.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.ExposeHeaders, ", "))
	}
	if c.MaxAgeSeconds > 0 {
		h.Set("Access-Control-Max-Age", strconv.Itoa(c.MaxAgeSeconds))
	}
	return h
}

// preflight answers a browser's preflight request, which is never signed.
func (f *front) preflight(w http.ResponseWriter, c *call) {
	origin, method := c.Header.Get("Origin"), c.Header.Get("Access-Control-Request-Method")
	var asked []string
	for h := range strings.SplitSeq(c.Header.Get("Access-Control-Request-Headers"), ",") {
		if h = strings.ToLower(strings.TrimSpace(h)); h != "" {
			asked = append(asked, h)
		}
	}
	rule, configured, err := f.b.ruleFor(c.bucket, origin, method, asked)
	switch {
	case err != nil:
	case origin == "" || method == "":
		err = refuse(http.StatusBadRequest, "BadRequest", "Insufficient information. Origin request header needed.")
	case !configured:
		err = refuse(http.StatusForbidden, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
	case rule == nil:
		err = refuse(http.StatusForbidden, "AccessForbidden", "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")
	}
	if err != nil {
		fail(w, c.Request, err)
		return
	}
	for name, values := range rule.headers(origin, asked) {
		w.Header()[name] = values
	}
}
