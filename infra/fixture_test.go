package main

import (
	"slices"
	"testing"

	"skiff/lambdas"
)

// fixture returns a declaration for the tests. Tests may rely on its names; a
// team changes its own declaration freely.
func fixture() lambdas.Service {
	table := func(name string, actions ...string) lambdas.Rights {
		return lambdas.Rights{{Table: name}: actions}
	}
	return lambdas.Service{
		Tables: []lambdas.Table{
			{Name: "items", Label: "table", HashKey: lambdas.String("id"), TTL: "ttl", Shared: true,
				Indexes: []lambdas.Index{{Name: "status-index", HashKey: lambdas.String("status"), RangeKey: lambdas.String("createdAt")}}},
			{Name: "connections", HashKey: lambdas.String("kind"), RangeKey: lambdas.String("id"), TTL: "ttl", Sockets: true},
		},
		Queues:  []lambdas.Queue{{Name: "events", Label: "queue", Carries: "events of items", Shared: true}},
		Secrets: []lambdas.Secret{{Name: "token-key", Description: "Signs tokens", Tokens: true}, {Name: "cursor-key", Description: "Signs cursors"}},
		Functions: []lambdas.Function{
			{Name: "create-item", Routes: []string{"POST /items"}, Rights: lambdas.Rights{
				{Table: "items"}: {"dynamodb:PutItem", "dynamodb:GetItem"}, {Queue: "events"}: {"sqs:SendMessage"}}},
			{Name: "get-item", Routes: []string{"GET /items/{id}"}, Rights: table("items", "dynamodb:GetItem")},
			{Name: "list-items", Routes: []string{"GET /items"}, Rights: lambdas.Rights{
				{Table: "items", Index: "status-index"}: {"dynamodb:Query"}, {Secret: "cursor-key"}: {"secretsmanager:GetSecretValue"}}},
			{Name: "delete-item", Routes: []string{"DELETE /items/{id}"}, Rights: table("items", "dynamodb:DeleteItem")},
			{Name: "health", PublicRoutes: []string{"GET /health"}},
			{Name: "authorize", Authorizes: true, Rights: lambdas.Rights{{Secret: "token-key"}: {"secretsmanager:GetSecretValue"}}},
			{Name: "socket", SocketRoutes: []string{"$connect", "$disconnect", "$default"}, Rights: table("connections", "dynamodb:PutItem")},
			{Name: "notify", Consumes: "events", Rights: lambdas.Rights{
				{Table: "connections"}: {"dynamodb:Query"}, {Clients: true}: {"execute-api:ManageConnections"}}},
		},
	}
}

// everything returns the fixture with an entry of each other kind.
func everything() lambdas.Service {
	s := fixture()
	s.Tables = append(s.Tables, lambdas.Table{
		Name: "orders", HashKey: lambdas.String("customer"), RangeKey: lambdas.Number("at"), Stream: "NEW_IMAGE", Shared: true,
		Indexes: []lambdas.Index{
			{Name: "by-state", HashKey: lambdas.String("state"), RangeKey: lambdas.Number("at"), Attributes: []string{"total"}},
			{Name: "by-hash", HashKey: lambdas.Binary("hash"), Attributes: []string{}},
		}})
	s.Queues = append(s.Queues, lambdas.Queue{Name: "mails", Carries: "mails", Shared: true})
	s.Secrets = append(s.Secrets, lambdas.Secret{Name: "payment-key", Description: "Opens the payment service"})
	s.Buckets = append(s.Buckets, lambdas.Bucket{Name: "uploads", ExpireDays: 90, Shared: true})
	s.Parameters = append(s.Parameters, lambdas.Parameter{Name: "greeting", Description: "What clients read first", Value: "hello"})
	s.Functions = append(s.Functions,
		lambdas.Function{Name: "order", Routes: []string{"POST /orders"}, Rights: lambdas.Rights{
			{Table: "orders"}: {"dynamodb:PutItem"}, {Table: "orders", Index: "by-state"}: {"dynamodb:Query"}, {Queue: "mails"}: {"sqs:SendMessage"},
			{Secret: "payment-key"}: {"secretsmanager:GetSecretValue"}, {Parameter: "greeting"}: {"ssm:GetParameter"},
			{Bucket: "uploads"}: {"s3:PutObject", "s3:ListBucket"}}},
		lambdas.Function{Name: "mail", Consumes: "mails"},
		lambdas.Function{Name: "count", Follows: "orders"},
		lambdas.Function{Name: "sweep", Schedule: "cron(0 3 * * ? *)", TimeZone: "Europe/Berlin"})
	return s
}

// find returns a pointer to the function with this name, to change it.
func find(t *testing.T, s lambdas.Service, name string) *lambdas.Function {
	t.Helper()
	i := slices.IndexFunc(s.Functions, func(f lambdas.Function) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("the fixture has no function %s", name)
	}
	return &s.Functions[i]
}

// more returns the service with more functions.
func more(s lambdas.Service, functions ...lambdas.Function) lambdas.Service {
	s.Functions = append(slices.Clone(s.Functions), functions...)
	return s
}
