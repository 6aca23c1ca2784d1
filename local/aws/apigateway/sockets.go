package apigateway

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/apigateway/websocket"
	"skiff/local/store"
)

// socketOf converts a stage of a WebSocket API for the package websocket.
func (a *APIs) socketOf(api store.Record[APIInputs], s httpapi.Stage) websocket.Stage {
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

// withoutBraces returns a selection expression in the shorter of its two forms.
func withoutBraces(expression string) string {
	if inner, ok := strings.CutPrefix(expression, "${"); ok {
		return "$" + strings.TrimSuffix(inner, "}")
	}
	return expression
}

// SocketStages are the stages of every WebSocket API, sorted by API and name.
func (a *APIs) SocketStages() ([]websocket.Stage, error) {
	s, err := a.served()
	if err != nil {
		return nil, err
	}
	var all []websocket.Stage
	for _, id := range slices.Sorted(maps.Keys(s.sockets)) {
		for _, name := range slices.Sorted(maps.Keys(s.sockets[id])) {
			all = append(all, s.sockets[id][name])
		}
	}
	return all, nil
}
