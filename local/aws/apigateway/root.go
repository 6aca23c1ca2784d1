package apigateway

import (
	"context"
	"strings"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Root names the stack whose API answers at the gateway's own address.
type Root struct{ Project, Stack string }

// prefix is the path below which every API answers, including the one at the
// root. AWS gives each API a host name instead, which needs DNS.
const prefix = "/_apis/"

// endpoint returns the URL of an API on this machine.
func (a *APIs) endpoint(r store.Record[APIInputs]) string {
	switch {
	case r.Inputs.ProtocolType == protocolSocket:
		return "ws" + strings.TrimPrefix(a.base, "http") + prefix + r.ID // wss from https
	case a.rootID() == r.ID:
		return a.base
	}
	return a.base + prefix + r.ID
}

// first is the state key that marks the oldest HTTP API of a stack. It stays at
// the root, because otherwise the published URLs would lead to other APIs.
const first = "first"

// markFirst marks an API if it is the first of its stack, or replaces the
// first.
func (a *APIs) markFirst(_ context.Context, _ provider.Call, r *store.Record[APIInputs]) error {
	if r.Inputs.ProtocolType == protocolSocket {
		return nil
	}
	all, err := store.List[APIInputs](a.db, APIToken)
	if err != nil {
		return err
	}
	for _, other := range all {
		if stackOf(other.URN) == stackOf(r.URN) && other.URN != r.URN && other.State[first] != "" {
			return nil
		}
	}
	r.State[first] = "yes"
	return nil
}

// stackOf returns the part of a URN with the stack and the project.
func stackOf(urn string) string {
	parts := strings.SplitN(urn, "::", 3)
	return strings.Join(parts[:min(2, len(parts))], "::")
}

// rootID returns the id of the first API of the root's stack. During a
// replacement both exist; it then returns the newer one. It returns "" if the
// stack has no HTTP API.
func (a *APIs) rootID() string {
	all, err := store.List[APIInputs](a.db, APIToken)
	if err != nil {
		return ""
	}
	var root store.Record[APIInputs]
	for _, r := range all {
		if r.Inputs.ProtocolType == protocolSocket || stackOf(r.URN) != "urn:pulumi:"+a.root.Stack+"::"+a.root.Project {
			continue
		}
		isFirst, wasFirst := r.State[first] != "", root.State[first] != ""
		if root.ID == "" || isFirst && !wasFirst || isFirst == wasFirst && r.Created.After(root.Created) {
			root = r
		}
	}
	return root.ID
}
