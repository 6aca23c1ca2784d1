package main

import (
	"slices"

	"skiff/lambdas"
)

// parts are what of the declaration the stack has.
type parts struct {
	lambdas.Service
	theirs []lambdas.Table // of the stack that this one is attached to, where functions have rights on them
}

// inForce returns what of the declaration the stack has. The settings decide,
// and the declaration itself: nothing is made that nothing uses.
//
//   - A stack that is attached to another one leaves WebSocket clients and the
//     decision on tokens to that one.
//   - Without a socket route there is no table of connections.
//   - Where nobody asks, because an issuer signs the tokens or all routes are
//     public, there is no function that authorizes.
//   - Without such a function, or with an issuer, there is no key of tokens.
//   - A queue that no function consumes is not there, and nobody sends to it.
func inForce(all lambdas.Service, cfg config, tokens *issuer) parts {
	s := parts{Service: all}
	s.Functions = runs(all.Functions, cfg.AttachTo != "", tokens != nil)
	signs := slices.ContainsFunc(s.Functions, func(f lambdas.Function) bool { return f.Authorizes }) && tokens == nil
	s.Tables = slices.DeleteFunc(slices.Clone(all.Tables), func(t lambdas.Table) bool { return t.Sockets && !hasSockets(s.Functions) })
	if cfg.AttachTo != "" {
		s.theirs = slices.DeleteFunc(slices.Clone(all.Tables), func(t lambdas.Table) bool { return !t.Sockets || !used(s.Functions, lambdas.Resource{Table: t.Name}) })
	}
	s.Secrets = slices.DeleteFunc(slices.Clone(all.Secrets), func(x lambdas.Secret) bool { return x.Tokens && !signs })
	s.Queues = slices.DeleteFunc(slices.Clone(all.Queues), func(q lambdas.Queue) bool { return consumer(s.Functions, q.Name) == "" })
	for i, f := range s.Functions {
		s.Functions[i].Rights = rights(f, s.Queues)
	}
	return s
}

// rights returns the function's rights: what it declares, but for queues that
// are not there, and what Lambda needs to poll in its name.
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

// runs returns the functions that the stack has.
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

func hasSockets(functions []lambdas.Function) bool {
	return slices.ContainsFunc(functions, func(f lambdas.Function) bool { return len(f.SocketRoutes) > 0 })
}

// hasGuarded reports whether a route of the HTTP API needs a token.
func hasGuarded(functions []lambdas.Function) bool {
	return slices.ContainsFunc(functions, func(f lambdas.Function) bool { return len(f.Routes) > 0 })
}

// used reports whether a function has rights on the resource.
func used(functions []lambdas.Function, resource lambdas.Resource) bool {
	return slices.ContainsFunc(functions, func(f lambdas.Function) bool { return len(f.Rights[resource]) > 0 })
}

// consumer returns the function that consumes a queue, or "".
func consumer(functions []lambdas.Function, queue string) string {
	for _, f := range functions {
		if f.Consumes == queue {
			return f.Name
		}
	}
	return ""
}
