package apigateway

import (
	"context"
	"strings"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Root tells which stack's API answers at the gateway's own address.
type Root struct{ Project, Stack string }

// prefix is the path below which every API answers, whoever has the root. AWS
// gives each API a host name instead, which a machine without its own DNS
// cannot.
const prefix = "/_apis/"

// endpoint is the URL of an API on this machine.
func (a *APIs) endpoint(r store.Record[APIInputs]) string {
	switch {
	case r.Inputs.ProtocolType == protocolSocket:
		return "ws" + strings.TrimPrefix(a.base, "http") + prefix + r.ID // wss of https
	case a.rootID() == r.ID:
		return a.base
	}
	return a.base + prefix + r.ID
}

// first marks the HTTP API of a stack that was there before its others. It
// keeps the root, or their URLs would lead elsewhere than when they were told.
const first = "first"

// markFirst marks an API that is its stack's only one, or replaces that.
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

// stackOf is the part of a URN that tells stack and project.
func stackOf(urn string) string {
	parts := strings.SplitN(urn, "::", 3)
	return strings.Join(parts[:min(2, len(parts))], "::")
}

// rootID is the API of the root's stack that was first, or the newest of its
// successors: while one replaces another, both are there. It is "" where the
// stack has none.
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
