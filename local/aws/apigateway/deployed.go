package apigateway

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/apigateway/websocket"
	"skiff/local/store"
)

// deployed caches what the stages serve, for one generation of the store.
type deployed struct {
	mu         sync.Mutex
	valid      bool
	generation uint64
	last       *served
}

// served has what is needed to route requests. It never changes.
type served struct {
	apis     map[string]endpoint
	root     string                                // id of the API at the root, "" for none
	stages   map[string][]httpapi.Stage            // of HTTP APIs
	sockets  map[string]map[string]websocket.Stage // of WebSocket APIs, by API and name
	domains  map[string]bool                       // the domain names
	mappings map[string][]MappingInputs            // by domain name, the longest keys first
}

// endpoint is the default endpoint of an API.
type endpoint struct {
	host               string
	isSocket, disabled bool
}

// Root returns the stages of the API that answers without a prefix. open is
// false if its default endpoint is disabled, so that only its domain names lead
// to it.
func (a *APIs) Root() (stages []httpapi.Stage, open bool, err error) {
	s, err := a.served()
	if err != nil || len(s.stages[s.root]) == 0 {
		return nil, false, err
	}
	return s.stages[s.root], !s.apis[s.root].disabled, nil
}

// Stages returns the stages of every HTTP API, by the API's id.
func (a *APIs) Stages() (map[string][]httpapi.Stage, error) {
	s, err := a.served()
	if err != nil {
		return nil, err
	}
	return s.stages, nil
}

// served returns what the stages serve. It reads the store again after each
// change.
func (a *APIs) served() (*served, error) {
	generation := a.db.Generation()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.valid && a.generation == generation {
		return a.last, nil
	}
	s, err := a.read()
	if err != nil {
		return nil, err
	}
	a.last, a.generation, a.valid = s, generation, true
	return s, nil
}

func (a *APIs) read() (*served, error) {
	apis, err := store.List[APIInputs](a.db, APIToken)
	if err != nil {
		return nil, err
	}
	stages, err := store.List[StageInputs](a.db, StageToken)
	if err != nil {
		return nil, err
	}
	s := &served{
		apis: map[string]endpoint{}, root: a.rootID(), domains: map[string]bool{},
		stages: map[string][]httpapi.Stage{}, sockets: map[string]map[string]websocket.Stage{},
	}
	for _, r := range apis {
		s.apis[r.ID] = endpoint{
			host:     r.ID + ".execute-api." + r.Region + ".amazonaws.com",
			isSocket: r.Inputs.ProtocolType == protocolSocket, disabled: r.Inputs.DisableEndpoint,
		}
	}
	for _, r := range stages {
		if err := a.addStage(s, r); err != nil {
			return nil, fmt.Errorf("stage %s of API %s: %w", r.ID, r.Inputs.APIID, err)
		}
	}
	names, err := a.DomainNames()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		s.domains[name] = true
	}
	s.mappings, err = a.mappingsByDomain()
	return s, err
}

// mappingsByDomain returns the mappings of each domain name, the longest keys
// first.
func (a *APIs) mappingsByDomain() (map[string][]MappingInputs, error) {
	records, err := store.List[MappingInputs](a.db, MappingToken)
	if err != nil {
		return nil, err
	}
	domains := map[string][]MappingInputs{}
	for _, r := range records {
		domains[r.Inputs.DomainName] = append(domains[r.Inputs.DomainName], r.Inputs)
	}
	for _, mappings := range domains {
		slices.SortFunc(mappings, func(m, n MappingInputs) int { return cmp.Compare(len(n.Key), len(m.Key)) })
	}
	return domains, nil
}

// addStage adds one stage to the stages of its protocol. The HTTP gateway must
// not serve a WebSocket API.
func (a *APIs) addStage(s *served, r store.Record[StageInputs]) error {
	api, err := a.api(r.Inputs.APIID)
	if err != nil {
		return err
	}
	stage, err := a.stage(api, r)
	if err != nil {
		return err
	}
	if api.Inputs.ProtocolType != protocolSocket {
		stage.Prepare()
		s.stages[api.ID] = append(s.stages[api.ID], stage)
		return nil
	}
	if s.sockets[api.ID] == nil {
		s.sockets[api.ID] = map[string]websocket.Stage{}
	}
	s.sockets[api.ID][stage.Name] = a.socketOf(api, stage)
	return nil
}

// stage returns a stage. With auto-deploy it has the API's current routes,
// otherwise the routes that its deployment has frozen. Without a deployment it
// has none.
func (a *APIs) stage(api store.Record[APIInputs], r store.Record[StageInputs]) (s httpapi.Stage, err error) {
	s = httpapi.Stage{
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

// routesOf returns the current routes of an API with their integrations and
// authorizers.
func (a *APIs) routesOf(api string) ([]httpapi.Route, error) {
	records, err := store.List[RouteInputs](a.db, RouteToken)
	if err != nil {
		return nil, err
	}
	var routes []httpapi.Route
	for _, r := range records {
		if r.Inputs.APIID != api {
			continue
		}
		route := httpapi.Route{ID: r.ID, Key: r.Inputs.RouteKey}
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

func integrationOf(r store.Record[IntegrationInputs]) *httpapi.Integration {
	function, _ := functionOf(r.Inputs.IntegrationURI)
	return &httpapi.Integration{
		ID: r.ID, FunctionARN: function, PayloadFormatVersion: "2.0",
		Timeout: time.Duration(r.Inputs.TimeoutMilliseconds) * time.Millisecond,
	}
}

func corsOf(in *CORSInputs) *httpapi.CORS {
	if in == nil {
		return nil
	}
	return &httpapi.CORS{
		AllowCredentials: in.AllowCredentials, AllowHeaders: in.AllowHeaders, AllowMethods: in.AllowMethods,
		AllowOrigins: in.AllowOrigins, ExposeHeaders: in.ExposeHeaders, MaxAge: time.Duration(in.MaxAge) * time.Second,
	}
}
