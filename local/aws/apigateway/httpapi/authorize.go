package httpapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skiff/local/aws/apigateway/payload"
)

// maxAuthorizerTime is the time limit of a Lambda authorizer:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const maxAuthorizerTime = 10 * time.Second

// authorization is the result of a call's authorizer.
type authorization struct {
	event  any               // the event's requestContext.authorizer; nil without an authorizer
	values map[string]string // for the access log, such as claims.sub
	err    error             // why the call was denied, or the authorizer failed
	kept   bool              // the answer came from the cache
}

// authorize runs the authorizer of the matched route. It returns nil if the
// call may continue.
func (g *Gateway) authorize(c *call) *response {
	a := c.match.route.Authorizer
	var res response
	switch {
	case a == nil:
		return nil
	case a.JWT != nil:
		res, c.authorization.err = g.checkToken(c, a)
	case a.Function != nil:
		res, c.authorization.err = g.ask(c, a)
	default:
		res, c.authorization.err = internalError(), fmt.Errorf("authorizer %s has neither a function nor an issuer", a.ID)
	}
	if c.authorization.err == nil {
		return nil
	}
	if res.status >= 500 {
		g.report(c, c.authorization.err)
	}
	return &res
}

// ask checks a call by an authorizer's function, or by its cached answer for
// the same identity
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html).
func (g *Gateway) ask(c *call, a *Authorizer) (response, error) {
	identity, err := c.identity(a.IdentitySources)
	if err != nil {
		return unauthorized(), err
	}
	v, err := g.verdict(c, a, identity)
	switch {
	case errors.Is(err, errUnauthorized):
		return unauthorized(), err
	case err != nil:
		return internalError(), fmt.Errorf("authorizer %s: %w", a.ID, err)
	}
	// Without a context, the member is null
	// (https://github.com/KensioSoftware/yulin/blob/main/docs/services/apigatewayv2/README.md).
	c.authorization.event = map[string]any{"lambda": v.context}
	c.authorization.values = v.values
	if !v.allows(c.routeARN()) {
		return forbidden(), fmt.Errorf("authorizer %s does not allow %s", a.ID, c.routeARN())
	}
	return response{}, nil
}

// routeARN returns the ARN of the request: its method, and the path that routes
// match. Unlike sourceARN it has the request's path. Public logs of AWS show
// arn:aws:execute-api:eu-west-2:ACCOUNT:API/dev/GET/ for ANY /{proxy+}. Whether
// the path is decoded is not recorded.
func (c *call) routeARN() string {
	s := c.stage
	return "arn:aws:execute-api:" + s.Region + ":" + s.AccountID + ":" + s.APIID + "/" + s.Name + "/" + c.request.Method + Decode(c.routed)
}

// authorizerEvent is payload format 2.0 for authorizers. It has three members
// that an integration's event lacks, and no body
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html;
// aws-lambda-go has the example).
type authorizerEvent struct {
	Type           string   `json:"type"`
	RouteARN       string   `json:"routeArn"`
	IdentitySource []string `json:"identitySource,omitempty"`
	requestEvent
}

// verdict returns the cached answer for an identity, or asks the function. An
// answer that is not a decision is not cached.
func (g *Gateway) verdict(c *call, a *Authorizer, identity []string) (verdict, error) {
	key := verdictKey(c.stage, c.match.route, identity)
	if v, ok := g.verdicts.get(key, c.now); ok {
		c.authorization.kept = true
		return v, nil
	}
	sent, err := payload.Encode(authorizerEvent{Type: "REQUEST", RouteARN: c.routeARN(), IdentitySource: identity, requestEvent: c.requestEvent()})
	if err != nil {
		return verdict{}, err
	}
	ctx, cancel := context.WithTimeout(g.origin(c, "authorizer"), maxAuthorizerTime)
	defer cancel()
	result, err := g.options.Invoke(ctx, a.Function.ARN, a.Function.SourceARN, sent)
	if err != nil {
		return verdict{}, err
	}
	v, err := readVerdict(result.Payload, result.FunctionError, a.Function.SimpleResponse)
	if err == nil && len(a.IdentitySources) > 0 {
		g.verdicts.put(key, v, c.now, a.Function.TTL)
	}
	return v, err
}
