package httpapi

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// accountLimit returns the limit of an account for all its APIs in a region.
// Some regions have a quarter of the usual limit:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
func accountLimit(region string) Limit {
	switch region {
	case "af-south-1", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "ca-west-1",
		"eu-central-2", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "mx-central-1":
		return Limit{2_500, 1_250}
	}
	return Limit{10_000, 5_000}
}

// throttle holds the token buckets of accounts and routes. A stage's default
// limit gives each route a separate bucket. This follows from its name,
// "default route settings", and is not recorded.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
type throttle struct {
	mu      sync.Mutex
	buckets map[bucketKey]*bucket
}

// bucketKey identifies an account in a region, or a route of a stage.
type bucketKey struct{ account, region, api, stage, route string }

type bucket struct {
	limit   Limit
	limiter *rate.Limiter
}

// admits reports whether a request may continue, and takes its tokens. A route
// with a limit and the account each have a bucket. route is nil if the gateway
// itself answers.
func (t *throttle) admits(s *Stage, route *Route, now time.Time) bool {
	if route != nil {
		limit, limited := s.Throttles[route.Key]
		if !limited && s.Throttle != nil {
			limit, limited = *s.Throttle, true
		}
		if limited && !t.take(bucketKey{api: s.APIID, stage: s.Name, route: route.Key}, limit, now) {
			return false
		}
	}
	return t.take(bucketKey{account: s.AccountID, region: s.Region}, accountLimit(s.Region), now)
}

// take takes one token and reports whether there was one. A changed limit
// begins with a full bucket.
func (t *throttle) take(key bucketKey, limit Limit, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.buckets == nil {
		t.buckets = map[bucketKey]*bucket{}
	}
	b := t.buckets[key]
	if b == nil || b.limit != limit {
		b = &bucket{limit, rate.NewLimiter(rate.Limit(limit.Rate), limit.Burst)}
		t.buckets[key] = b
	}
	return b.limiter.AllowN(now, 1)
}

func tooManyRequests() response {
	return gatewayError(http.StatusTooManyRequests, "Too Many Requests")
}
