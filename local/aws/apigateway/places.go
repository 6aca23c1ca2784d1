package apigateway

import (
	"slices"

	"skiff/local/store"
)

// SocketURLs returns the URLs where clients connect to the WebSocket APIs, one
// for each stage.
func (a *APIs) SocketURLs() ([]string, error) {
	stages, err := store.List[StageInputs](a.db, StageToken)
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, s := range stages {
		api, err := a.api(s.Inputs.APIID)
		if err != nil {
			return nil, err
		}
		if api.Inputs.ProtocolType == protocolSocket {
			urls = append(urls, a.endpoint(api)+"/"+s.ID)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(urls))), nil
}

// DomainNames returns the domain names of all APIs.
func (a *APIs) DomainNames() ([]string, error) {
	all, err := store.List[DomainInputs](a.db, DomainToken)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range all {
		names = append(names, d.Inputs.DomainName)
	}
	slices.Sort(names)
	return names, nil
}

// RoutesByFunction lists the keys of the routes that lead to each function, by its
// ARN, in the stages of all APIs.
func (a *APIs) RoutesByFunction() (map[string][]string, error) {
	s, err := a.served()
	if err != nil {
		return nil, err
	}
	routes := map[string][]string{}
	add := func(function, key string) {
		if function != "" && !slices.Contains(routes[function], key) {
			routes[function] = append(routes[function], key)
		}
	}
	for _, stages := range s.stages {
		for _, stage := range stages {
			for _, r := range stage.Routes {
				if r.Integration != nil {
					add(r.Integration.FunctionARN, r.Key)
				}
			}
		}
	}
	for _, stages := range s.sockets {
		for _, stage := range stages {
			for _, r := range stage.Routes {
				add(r.FunctionARN, r.Key)
			}
		}
	}
	for _, keys := range routes {
		slices.Sort(keys)
	}
	return routes, nil
}
