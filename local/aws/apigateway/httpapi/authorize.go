package httpapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skiff/local/aws/apigateway/payload"
)

// maxAuthorizerTime is how long a Lambda authorizer may take:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const maxAuthorizerTime = 10 * time.Second

// authorization is what an authorizer has said to a call.
type authorization struct {
	event  any               // requestContext.authorizer of the event; nil without an authorizer
	values map[string]string // for the access log, such as claims.sub
	err    error             // why the call was refused, or could not be decided on
	kept   bool              // it is an answer of before
}

// authorize asks the authorizer of the matched route; the answer is nil where
// the call may go on.
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

// ask has the function of an authorizer decide, or its last answer for the same
// identity
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
	// Without a context there is null
	// (https://github.com/KensioSoftware/yulin/blob/main/docs/services/apigatewayv2/README.md).
	c.authorization.event = map[string]any{"lambda": v.context}
	c.authorization.values = v.values
	if !v.allows(c.routeARN()) {
		return forbidden(), fmt.Errorf("authorizer %s does not allow %s", a.ID, c.routeARN())
	}
	return response{}, nil
}

// routeARN names what a request calls: its method, and the path that routes see.
// Unlike sourceARN it has the path of the request, as in
// arn:aws:execute-api:eu-west-2:ACCOUNT:API/dev/GET/ for ANY /{proxy+}, which
// public logs of AWS show. Whether it is decoded there is not recorded.
func (c *call) routeARN() string {
	s := c.stage
	return "arn:aws:execute-api:" + s.Region + ":" + s.AccountID + ":" + s.APIID + "/" + s.Name + "/" + c.request.Method + Decode(c.routed)
}

// authorizerEvent is payload format 2.0 for authorizers: that of integrations
// with three members more and without a body
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html;
// aws-lambda-go has its example).
type authorizerEvent struct {
	Type           string   `json:"type"`
	RouteARN       string   `json:"routeArn"`
	IdentitySource []string `json:"identitySource,omitempty"`
	requestEvent
}

// verdict is the answer that is kept for an identity, else a new one. An answer
// that is no decision is not kept.
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
