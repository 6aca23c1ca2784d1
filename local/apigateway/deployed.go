package apigateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"skiff/local/store"
)

// deployed is what the stages serve, as of one generation of the store.
type deployed struct {
	mu         sync.Mutex
	valid      bool
	generation uint64
	byAPI      map[string][]Stage
}

// Find tells which API a request is for, and what of its path is the API's
// own: by host name, by the prefix that every API has, else the root's.
func (a *APIs) Find(r *http.Request) (stages []Stage, path, host string, ok bool) {
	path = r.URL.EscapedPath()
	all, err := a.Stages()
	if err != nil {
		return nil, "", "", false
	}
	id := ""
	if name, rest, isHost := strings.Cut(r.Host, "."); isHost && strings.HasPrefix(rest, "execute-api.") {
		id = name
	} else if rest, isPrefix := strings.CutPrefix(path, prefix); isPrefix {
		id, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	} else {
		id = a.rootID()
	}
	api, err := store.Get[APIInputs](a.db, APIToken, id)
	if err != nil {
		return nil, "", "", false
	}
	return all[id], path, id + ".execute-api." + api.Region + ".amazonaws.com", true
}

// Root are the stages of the API that answers without a prefix.
func (a *APIs) Root() ([]Stage, error) {
	all, err := a.Stages()
	return all[a.rootID()], err
}

// Stages are the stages of every API, read anew after a change of the store.
func (a *APIs) Stages() (map[string][]Stage, error) {
	generation := a.db.Generation()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.valid && a.generation == generation {
		return a.byAPI, nil
	}
	records, err := store.List[StageInputs](a.db, StageToken)
	if err != nil {
		return nil, err
	}
	byAPI := map[string][]Stage{}
	for _, r := range records {
		s, err := a.stage(r)
		if err != nil {
			return nil, fmt.Errorf("stage %s of API %s: %w", r.ID, r.Inputs.APIID, err)
		}
		byAPI[r.Inputs.APIID] = append(byAPI[r.Inputs.APIID], s)
	}
	a.byAPI, a.generation, a.valid = byAPI, generation, true
	return byAPI, nil
}

func (a *APIs) stage(r store.Record[StageInputs]) (Stage, error) {
	api, err := a.api(r.Inputs.APIID)
	if err != nil {
		return Stage{}, err
	}
	s := Stage{
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
