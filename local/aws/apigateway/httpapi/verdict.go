package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"skiff/local/aws/iam"
)

// A verdict is the answer of a Lambda authorizer.
type verdict struct {
	allowed bool
	policy  *iam.Document   // if not nil, decides instead of allowed
	context json.RawMessage // an object or null
	values  map[string]string
}

// allows reports whether the verdict allows a route. A policy decides for each
// route; a simple response decides for all
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html).
func (v verdict) allows(routeARN string) bool {
	if v.policy == nil {
		return v.allowed
	}
	return iam.Evaluate([]*iam.Document{v.policy}, iam.Request{Action: "execute-api:Invoke", Resource: routeARN}) == iam.Allow
}

// errUnauthorized means 401. The function asks for it by the error or the
// answer "Unauthorized"
// (https://github.com/KensioSoftware/yulin/blob/main/docs/services/apigatewayv2/README.md).
var errUnauthorized = errors.New("the authorizer answers Unauthorized")

// readVerdict reads a function's answer in one of the two forms of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html.
// A member of the wrong type is an error. So is a name in the wrong case (not
// recorded): without that, a Go function that lacks json tags would work here
// and fail on AWS.
func readVerdict(payload []byte, functionError string, simple bool) (verdict, error) {
	var members map[string]json.RawMessage
	err := json.Unmarshal(payload, &members)
	switch {
	case string(members["errorMessage"]) == `"Unauthorized"`:
		return verdict{}, errUnauthorized
	case functionError != "":
		return verdict{}, fmt.Errorf("function error %s: %s", functionError, payload)
	case err != nil:
		return verdict{}, fmt.Errorf("its answer: %w", err)
	}
	v := verdict{values: map[string]string{}}
	if err := v.readContext(members["context"]); err != nil {
		return verdict{}, err
	}
	if simple {
		return v, v.readAnswer(members)
	}
	return v, v.readPolicy(members)
}

func (v *verdict) readAnswer(members map[string]json.RawMessage) error {
	var allowed *bool
	if err := readMember(members, "isAuthorized", &allowed); err != nil {
		return err
	}
	if allowed == nil {
		return errors.New("its answer has no isAuthorized, which enableSimpleResponses requires")
	}
	v.allowed = *allowed
	return nil
}

func (v *verdict) readPolicy(members map[string]json.RawMessage) (err error) {
	var principal *string
	if err := readMember(members, "principalId", &principal); err != nil {
		return err
	}
	if principal == nil || len(members["policyDocument"]) == 0 {
		return errors.New("its answer lacks principalId or policyDocument, which are required without enableSimpleResponses")
	}
	v.values["principalId"] = *principal
	v.policy, err = iam.Parse(string(members["policyDocument"]), false)
	return err
}

// readContext reads the answer's context. The integration gets the JSON
// unchanged; the access log gets its values as text.
func (v *verdict) readContext(raw json.RawMessage) error {
	if len(raw) == 0 {
		raw = json.RawMessage("null")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var members map[string]any
	if err := d.Decode(&members); err != nil {
		return fmt.Errorf("the context of its answer is not an object: %w", err)
	}
	for name, value := range members {
		v.values[name] = logText(value)
	}
	v.context = raw
	return nil
}

// logText returns a JSON value as text; a string has no quotes.
func logText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return absent
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// maxVerdicts limits the cached answers, because a client that invents tokens
// must not fill the memory. At the limit, expired answers are removed, and if
// that is not enough, all are.
const maxVerdicts = 10_000

// verdicts caches the answers of Lambda authorizers. It caches a denial too.
type verdicts struct {
	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	verdict verdict
	until   time.Time
}

// verdictKey returns the cache key: the authorizer of a stage and the values of
// its identity sources. Routes share an answer unless $context.routeKey is an
// identity source
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html).
func verdictKey(s *Stage, r *Route, identity []string) string {
	key := r.authorizes
	if key == "" {
		key = authorizerKey(s, r.Authorizer)
	}
	for _, value := range identity {
		key += strconv.Itoa(len(value)) + ":" + value
	}
	return key
}

// authorizerKey contains the stage and the whole authorizer, so that a changed
// authorizer does not use cached answers. That stages do not share answers is
// not recorded.
func authorizerKey(s *Stage, a *Authorizer) string {
	key, _ := json.Marshal([]any{s.APIID, s.Name, a}) // cannot fail: it has only texts and numbers
	return string(key)
}

func (v *verdicts) get(key string, now time.Time) (verdict, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k, ok := v.kept[key]
	if !ok || !now.Before(k.until) {
		return verdict{}, false
	}
	return k.verdict, true
}

func (v *verdicts) put(key string, answer verdict, now time.Time, ttl time.Duration) {
	if ttl <= 0 {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.kept == nil {
		v.kept = map[string]kept{}
	}
	if len(v.kept) >= maxVerdicts {
		for key, k := range v.kept {
			if !now.Before(k.until) {
				delete(v.kept, key)
			}
		}
		if len(v.kept) >= maxVerdicts {
			clear(v.kept)
		}
	}
	v.kept[key] = kept{answer, now.Add(ttl)}
}
