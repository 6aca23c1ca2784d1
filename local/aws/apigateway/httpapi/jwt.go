package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// checkToken checks the call's token. The error is nil if the token is valid:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
func (g *Gateway) checkToken(c *call, a *Authorizer) (response, error) {
	scopes := strings.Join(c.match.route.Scopes, " ")
	identity, err := c.identity(a.IdentitySources)
	if err != nil || len(identity) == 0 {
		return challenge(unauthorized(), "Bearer"), errors.Join(errors.New("there is no token"), err)
	}
	if g.options.Verify == nil {
		return internalError(), fmt.Errorf("authorizer %s: the gateway cannot verify tokens", a.ID)
	}
	claims, err := g.options.Verify(bearer(identity[0]))
	if err == nil {
		err = a.JWT.check(claims, c.now)
	}
	if err != nil {
		return challenge(unauthorized(), bearerError(scopes, "invalid_token", err.Error())), err
	}
	texts := claimTexts(claims)
	granted := scopesOf(claims, c.match.route.Scopes)
	c.authorization.event = map[string]any{"jwt": jwtContext{texts, granted}}
	c.authorization.values = make(map[string]string, len(texts))
	for name, text := range texts {
		c.authorization.values["claims."+name] = text
	}
	if len(c.match.route.Scopes) > 0 && !slices.ContainsFunc(c.match.route.Scopes, func(s string) bool { return slices.Contains(granted, s) }) {
		err := errors.New("the token has none of the scopes of the route")
		return challenge(forbidden(), bearerError(scopes, "insufficient_scope", err.Error())), err
	}
	return response{}, nil
}

// jwtContext is requestContext.authorizer.jwt of an event.
type jwtContext struct {
	Claims map[string]string `json:"claims"`
	Scopes []string          `json:"scopes"` // null if the route has no scopes
}

// bearer returns the token in a value, without a leading "Bearer ".
func bearer(value string) string {
	const scheme = "bearer "
	if len(value) >= len(scheme) && strings.EqualFold(value[:len(scheme)], scheme) {
		value = value[len(scheme):]
	}
	return strings.TrimSpace(value)
}

// challenge adds a WWW-Authenticate header. Public logs of AWS show a plain
// "Bearer" for a missing token, and this form for an invalid one. The form for
// scopes, with the scopes of the route, follows RFC 6750.
func challenge(r response, value string) response {
	r.header.Set("WWW-Authenticate", value)
	return r
}

// bearerError returns a challenge in the form of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html,
// which has no commas between its parts.
func bearerError(scopes, code, description string) string {
	description = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return ' '
		}
		return c
	}, description)
	return `Bearer scope="` + scopes + `" error="` + code + `" error_description="` + description + `"`
}

// check checks the claims in the order of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html.
// Only the text about the audience is documented; the other texts are not
// recorded. It tolerates no difference between clocks. That a token must have
// an expiry is not recorded.
func (j *JWT) check(claims map[string]any, now time.Time) error {
	if issuer, ok := claims["iss"].(string); !ok || issuer != j.Issuer {
		return errors.New("the token does not have a valid issuer")
	}
	if !slices.ContainsFunc(audiencesOf(claims), func(a string) bool { return slices.Contains(j.Audiences, a) }) {
		return errors.New("the token does not have a valid audience")
	}
	if expires, ok := timeOf(claims["exp"]); !ok || !now.Before(expires) {
		return errors.New("the token has expired")
	}
	for _, name := range []string{"nbf", "iat"} {
		value, has := claims[name]
		if begins, ok := timeOf(value); has && (!ok || now.Before(begins)) {
			return fmt.Errorf("the token is used before its %s", name)
		}
	}
	return nil
}

// audiencesOf returns the values of aud, or of client_id if there is no aud
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html).
func audiencesOf(claims map[string]any) []string {
	if aud, ok := claims["aud"]; ok {
		return textsOf(aud)
	}
	return textsOf(claims["client_id"])
}

// scopesOf returns all values of scope, or of scp if there is no scope. For a
// route without scopes it returns nil, which is null in an event, even if the
// token has scopes. https://github.com/floci-io/floci/pull/2011 records both,
// and https://github.com/DefinitelyTyped/DefinitelyTyped/pull/75458 the null.
func scopesOf(claims map[string]any, wanted []string) []string {
	if len(wanted) == 0 {
		return nil
	}
	value, ok := claims["scope"]
	if !ok {
		value = claims["scp"]
	}
	var scopes []string
	for _, text := range textsOf(value) {
		scopes = append(scopes, strings.Fields(text)...)
	}
	return scopes
}

// textsOf returns a string, or the strings in a list.
func textsOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var texts []string
		for _, e := range v {
			if text, ok := e.(string); ok {
				texts = append(texts, text)
			}
		}
		return texts
	}
	return nil
}

// timeOf returns the time of a NumericDate of RFC 7519: seconds since 1970,
// possibly with a fraction.
func timeOf(value any) (time.Time, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	const year9999 = 253402300799
	if err != nil || seconds < 0 || seconds > year9999 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)), true
}

// claimTexts returns claims as functions receive them. Numbers and booleans
// become text, lists become text as Go prints them, such as [a b], and objects
// become JSON. A null claim is absent (recorded in
// https://github.com/floci-io/floci/pull/2011).
func claimTexts(claims map[string]any) map[string]string {
	texts := make(map[string]string, len(claims))
	for name, value := range claims {
		switch value := value.(type) {
		case nil:
		case map[string]any:
			texts[name] = logText(value)
		default:
			texts[name] = fmt.Sprint(value)
		}
	}
	return texts
}
