package main

import (
	"slices"

	"skiff/lambdas"
)

// parts is the part of the declaration that this stack deploys.
type parts struct {
	lambdas.Service
	hostTables []lambdas.Table // tables of the host stack that functions here have rights on
}

// activeParts returns the part of the declaration that this stack deploys. It
// omits what the settings replace and what nothing uses:
//
//   - A stack that is attached to a host stack has no WebSocket API and no
//     authorizer: it uses the host's.
//   - Without a socket route there is no table of connections.
//   - There is no function that authorizes if an issuer signs the tokens of
//     requests, or if all routes are public, unless there is a socket route.
//   - There is no token key without such a function, or with an issuer.
//   - A queue that no function consumes does not exist, and functions have no
//     rights on it.
func activeParts(all lambdas.Service, cfg config, tokens *issuer) parts {
	s := parts{Service: all}
	s.Functions = runs(all.Functions, cfg.AttachTo != "", tokens != nil)
	signs := slices.ContainsFunc(s.Functions, func(f lambdas.Function) bool { return f.Authorizes }) && tokens == nil
	s.Tables = slices.DeleteFunc(slices.Clone(all.Tables), func(t lambdas.Table) bool { return t.Sockets && !hasSockets(s.Functions) })
	if cfg.AttachTo != "" {
		s.hostTables = slices.DeleteFunc(slices.Clone(all.Tables), func(t lambdas.Table) bool { return !t.Sockets || !used(s.Functions, lambdas.Resource{Table: t.Name}) })
	}
	s.Secrets = slices.DeleteFunc(slices.Clone(all.Secrets), func(x lambdas.Secret) bool { return x.Tokens && !signs })
	s.Queues = slices.DeleteFunc(slices.Clone(all.Queues), func(q lambdas.Queue) bool { return consumer(s.Functions, q.Name) == "" })
	for i, f := range s.Functions {
		s.Functions[i].Rights = rights(f, s.Queues)
	}
	return s
}

// rights returns the function's rights: the declared ones, except on queues
// that do not exist, and the ones that Lambda needs to poll a queue or a stream
// for it.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
// https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
func rights(f lambdas.Function, queues []lambdas.Queue) lambdas.Rights {
	all := lambdas.Rights{}
	for resource, actions := range f.Rights {
		if resource.Queue == "" || slices.ContainsFunc(queues, func(q lambdas.Queue) bool { return q.Name == resource.Queue }) {
			all[resource] = actions
		}
	}
	add := func(resource lambdas.Resource, actions ...string) {
		for _, action := range actions {
			if !slices.Contains(all[resource], action) {
				all[resource] = append(slices.Clip(all[resource]), action)
			}
		}
	}
	if f.Consumes != "" {
		add(lambdas.Resource{Queue: f.Consumes}, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
	}
	if f.Follows != "" {
		add(lambdas.Resource{Stream: f.Follows}, "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream")
		add(lambdas.Resource{Queue: deadName(f.Name)}, "sqs:SendMessage")
	}
	return all
}

// runs returns the functions that this stack deploys.
func runs(all []lambdas.Function, attached, issued bool) (own []lambdas.Function) {
	asked := hasSockets(all) || hasGuarded(all) && !issued
	for _, f := range all {
		if attached && (f.Authorizes || len(f.SocketRoutes) > 0) || f.Authorizes && !asked {
			continue
		}
		own = append(own, f)
	}
	return own
}

// hasSockets reports whether a function has a WebSocket route.
func hasSockets(functions []lambdas.Function) bool {
	return slices.ContainsFunc(functions, func(f lambdas.Function) bool { return len(f.SocketRoutes) > 0 })
}

// hasGuarded reports whether a route of the HTTP API requires a token.
func hasGuarded(functions []lambdas.Function) bool {
	return slices.ContainsFunc(functions, func(f lambdas.Function) bool { return len(f.Routes) > 0 })
}

// used reports whether a function has rights on the resource.
func used(functions []lambdas.Function, resource lambdas.Resource) bool {
	return slices.ContainsFunc(functions, func(f lambdas.Function) bool { return len(f.Rights[resource]) > 0 })
}

// consumer returns the name of the function that consumes a queue, or "".
func consumer(functions []lambdas.Function, queue string) string {
	for _, f := range functions {
		if f.Consumes == queue {
			return f.Name
		}
	}
	return ""
}
