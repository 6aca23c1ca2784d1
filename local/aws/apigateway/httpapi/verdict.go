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

// A verdict is what a Lambda authorizer has answered.
type verdict struct {
	allowed bool
	policy  *iam.Document   // decides instead of allowed, if there is one
	context json.RawMessage // an object or null
	values  map[string]string
}

// allows reports whether a route may be called. A policy decides route by route,
// a simple answer holds for all
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html).
func (v verdict) allows(routeARN string) bool {
	if v.policy == nil {
		return v.allowed
	}
	return iam.Evaluate([]*iam.Document{v.policy}, iam.Request{Action: "execute-api:Invoke", Resource: routeARN}) == iam.Allow
}

// errUnauthorized is a function's own word for 401: it fails with the message
// "Unauthorized", or answers with it
// (https://github.com/KensioSoftware/yulin/blob/main/docs/services/apigatewayv2/README.md).
var errUnauthorized = errors.New("the authorizer answers Unauthorized")

// readVerdict reads a function's answer in one of the two forms of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html. A member of the wrong type makes it none; so does the wrong case of a
// name (not recorded), or a Go function that forgot its tags would work here.
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
		return errors.New("its answer has no isAuthorized, which enableSimpleResponses asks for")
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
		return errors.New("its answer lacks principalId or policyDocument, which it needs without enableSimpleResponses")
	}
	v.values["principalId"] = *principal
	v.policy, err = iam.Parse(string(members["policyDocument"]), false)
	return err
}

// readContext reads what an authorizer hands on to the integration, which gets
// it as it is; the access log has text.
func (v *verdict) readContext(raw json.RawMessage) error {
	if len(raw) == 0 {
		raw = json.RawMessage("null")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var members map[string]any
	if err := d.Decode(&members); err != nil {
		return fmt.Errorf("the context of its answer is no object: %w", err)
	}
	for name, value := range members {
		v.values[name] = logText(value)
	}
	v.context = raw
	return nil
}

// logText is a JSON value as text: a string without its quotes.
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

// maxVerdicts is how many answers are kept before those go that have expired,
// and then all: a client that makes up tokens must not fill the memory.
const maxVerdicts = 10_000

// verdicts keeps the answers of Lambda authorizers. A refusal is kept like a
// permission.
type verdicts struct {
	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	verdict verdict
	until   time.Time
}

// verdictKey tells answers apart: by the authorizer of a stage, and by the values
// of its identity sources. Routes share answers unless $context.routeKey is among
// these
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

// authorizerKey has the stage and the whole of the authorizer, so that a changed
// one is asked again. That stages do not share answers is not recorded.
func authorizerKey(s *Stage, a *Authorizer) string {
	key, _ := json.Marshal([]any{s.APIID, s.Name, a}) // never fails: it has text and numbers alone
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
