package apigateway

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"skiff/local/aws/apigateway/websocket"
	"skiff/local/store"
)

// deployed is what the stages serve, as of one generation of the store.
type deployed struct {
	mu         sync.Mutex
	valid      bool
	generation uint64
	last       served
}

// served is what requests are looked up in. Nobody changes it.
type served struct {
	byAPI   map[string][]Stage                    // of HTTP APIs
	sockets map[string]map[string]websocket.Stage // of WebSocket APIs, by API and name
	domains map[string][]MappingInputs            // by domain name, the longest keys first
}

// Root are the stages of the API that answers without a prefix. It is open
// unless its endpoint is disabled, for its domain names to be the only way in.
func (a *APIs) Root() (stages []Stage, open bool, err error) {
	all, err := a.Stages()
	stages = all[a.rootID()]
	if err != nil || len(stages) == 0 {
		return nil, false, err
	}
	api, err := a.api(a.rootID())
	return stages, !api.Inputs.DisableEndpoint, err
}

// Stages are the stages of every HTTP API, by the API's id.
func (a *APIs) Stages() (map[string][]Stage, error) {
	s, err := a.served()
	return s.byAPI, err
}

// served is read anew after a change of the store.
func (a *APIs) served() (served, error) {
	generation := a.db.Generation()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.valid && a.generation == generation {
		return a.last, nil
	}
	records, err := store.List[StageInputs](a.db, StageToken)
	if err != nil {
		return served{}, err
	}
	s := served{byAPI: map[string][]Stage{}, sockets: map[string]map[string]websocket.Stage{}}
	for _, r := range records {
		if err := a.addStage(s, r); err != nil {
			return served{}, fmt.Errorf("stage %s of API %s: %w", r.ID, r.Inputs.APIID, err)
		}
	}
	if s.domains, err = a.mapped(); err != nil {
		return served{}, err
	}
	a.last, a.generation, a.valid = s, generation, true
	return s, nil
}

// addStage adds one stage, to those of its API's protocol: a WebSocket API is not
// for the HTTP gateway to serve.
func (a *APIs) addStage(s served, r store.Record[StageInputs]) error {
	api, err := a.api(r.Inputs.APIID)
	if err != nil {
		return err
	}
	stage, err := a.stage(api, r)
	if err != nil {
		return err
	}
	if api.Inputs.ProtocolType != protocolSocket {
		s.byAPI[api.ID] = append(s.byAPI[api.ID], stage)
		return nil
	}
	if s.sockets[api.ID] == nil {
		s.sockets[api.ID] = map[string]websocket.Stage{}
	}
	s.sockets[api.ID][stage.Name] = a.socketOf(api, stage)
	return nil
}

// stage has the routes as they are now where it deploys by itself, else those
// that its deployment has frozen; without either it has none.
func (a *APIs) stage(api store.Record[APIInputs], r store.Record[StageInputs]) (s Stage, err error) {
	s = Stage{
		APIID: api.ID, AccountID: api.Account, Region: api.Region,
		Name: r.ID, Variables: r.Inputs.StageVariables, CORS: corsOf(api.Inputs.CORSConfiguration),
	}
	s.AccessLog, s.Throttle, s.Throttles = logOf(r.Inputs.AccessLogSettings), limitOf(r.Inputs.DefaultRouteSettings), limitsOf(r.Inputs.RouteSettings)
	switch {
	case r.Inputs.AutoDeploy:
		s.Routes, err = a.routesOf(api.ID)
	case r.Inputs.DeploymentID != "":
		var d store.Record[DeploymentInputs]
		if d, err = store.Get[DeploymentInputs](a.db, DeploymentToken, r.Inputs.DeploymentID); err == nil {
			err = json.Unmarshal([]byte(d.State["routes"]), &s.Routes)
		}
	}
	return s, err
}

// routesOf are the routes that an API has now, with what they lead to.
func (a *APIs) routesOf(api string) ([]Route, error) {
	records, err := store.List[RouteInputs](a.db, RouteToken)
	if err != nil {
		return nil, err
	}
	var routes []Route
	for _, r := range records {
		if r.Inputs.APIID != api {
			continue
		}
		route := Route{ID: r.ID, Key: r.Inputs.RouteKey}
		if id, ok := strings.CutPrefix(r.Inputs.Target, "integrations/"); ok {
			i, err := store.Get[IntegrationInputs](a.db, IntegrationToken, id)
			if err != nil {
				return nil, fmt.Errorf("integration %s of route %s: %w", id, r.Inputs.RouteKey, err)
			}
			route.Integration = integrationOf(i)
		}
		if id := r.Inputs.AuthorizerID; id != "" {
			authorizer, err := store.Get[AuthorizerInputs](a.db, AuthorizerToken, id)
			if err != nil {
				return nil, fmt.Errorf("authorizer %s of route %s: %w", id, r.Inputs.RouteKey, err)
			}
			route.Authorizer, route.Scopes = a.authorizerOf(authorizer), r.Inputs.AuthorizationScopes
		}
		routes = append(routes, route)
	}
	return routes, nil
}

func integrationOf(r store.Record[IntegrationInputs]) *Integration {
	function, _ := functionOf(r.Inputs.IntegrationURI)
	return &Integration{
		ID: r.ID, FunctionARN: function, PayloadFormatVersion: "2.0",
		Timeout: time.Duration(r.Inputs.TimeoutMilliseconds) * time.Millisecond,
	}
}

func corsOf(in *CORSInputs) *CORS {
	if in == nil {
		return nil
	}
	return &CORS{
		AllowCredentials: in.AllowCredentials, AllowHeaders: in.AllowHeaders, AllowMethods: in.AllowMethods,
		AllowOrigins: in.AllowOrigins, ExposeHeaders: in.ExposeHeaders, MaxAge: time.Duration(in.MaxAge) * time.Second,
	}
}
