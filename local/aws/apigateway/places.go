package apigateway

import (
	"maps"
	"slices"

	"skiff/local/aws/apigateway/websocket"
	"skiff/local/store"
)

// SocketURLs are where clients of the WebSocket APIs connect, stage by stage.
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

// DomainNames are the names that APIs answer at besides their own endpoints.
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
