package apigateway

import (
	"cmp"
	"net/http"
	"strings"

	"skiff/local/aws/apigateway/websocket"
	"skiff/local/store"
)

// FindSocket tells which stage of a WebSocket API a request is for, and what of
// its path, decoded, comes after the stage: "" for a client, and
// "/@connections/CONNECTIONID" for a function that posts to one. The stage is
// found as Find finds it: by domain name, by host name or by the prefix of the
// API.
func (a *APIs) FindSocket(r *http.Request) (stage websocket.Stage, rest string, ok bool) {
	served, err := a.served()
	if err != nil {
		return websocket.Stage{}, "", false
	}
	w := a.locate(r)
	name := ""
	if w.domain != "" {
		m, base, found := served.mapping(w.domain, w.path)
		if !found {
			return websocket.Stage{}, "", false
		}
		w.api, name, rest = m.APIID, m.Stage, w.path[len(base):]
	} else {
		name, rest, _ = strings.Cut(strings.TrimPrefix(w.path, "/"), "/")
		rest = "/" + rest
	}
	stage, ok = served.sockets[w.api][decode(name)]
	return stage, strings.TrimSuffix(decode(rest), "/"), ok
}

// socketOf is a stage of a WebSocket API as the package websocket serves it.
func (a *APIs) socketOf(api store.Record[APIInputs], s Stage) websocket.Stage {
	out := websocket.Stage{
		APIID: s.APIID, AccountID: s.AccountID, Region: s.Region, Name: s.Name, Variables: s.Variables,
		SelectionExpression: withoutBraces(api.Inputs.RouteSelectionExpression),
		Routes:              make(map[string]websocket.Route, len(s.Routes)),
		Endpoint:            a.endpoint(api) + "/" + s.Name,
	}
	for _, route := range s.Routes {
		socket := websocket.Route{Key: route.Key, Timeout: maxSocketTimeout}
		if i := route.Integration; i != nil {
			socket.FunctionARN, socket.Timeout = i.FunctionARN, cmp.Or(i.Timeout, maxSocketTimeout)
		}
		if route.Authorizer != nil && route.Authorizer.Function != nil {
			socket.Authorizer = &websocket.Authorizer{
				ID: route.Authorizer.ID, FunctionARN: route.Authorizer.Function.ARN, IdentitySources: route.Authorizer.IdentitySources,
			}
		}
		out.Routes[route.Key] = socket
	}
	return out
}

// withoutBraces is the shorter of the two ways to write a selection expression.
func withoutBraces(expression string) string {
	if inner, ok := strings.CutPrefix(expression, "${"); ok {
		return "$" + strings.TrimSuffix(inner, "}")
	}
	return expression
}
