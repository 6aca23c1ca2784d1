// Package lambdas declares what the service owns: tables, queues, secrets and
// functions. Each function entry lists what invokes the function and what the
// function may do. The infra program creates the AWS resources for every entry.
// The handlers are in the packages below this one.
package lambdas

import "skiff/lambdas/names"

// Declared returns the whole declaration. An entry's name is permanent: a
// changed name deletes the resource and creates another one.
func Declared() Service {
	return Service{
		Tables: []Table{
			{
				Name:    "items",
				Label:   "table",
				HashKey: String(names.KeyAttribute),
				Indexes: []Index{
					{Name: names.StatusIndex, HashKey: String(names.StatusKey), RangeKey: String(names.CreatedKey)},
				},
				TTL:    names.TTLAttribute,
				Shared: true,
			},
			{
				Name:     "connections", // also has a row for each event that was sent to them
				HashKey:  String(names.KindAttribute),
				RangeKey: String(names.KeyAttribute),
				TTL:      names.TTLAttribute,
				Sockets:  true,
			},
		},
		Queues: []Queue{
			{Name: "events", Label: "queue", Carries: "events of items", Shared: true},
		},
		Secrets: []Secret{
			{Name: "token-key", Description: "Signs the bearer tokens of the API", Tokens: true},
			{Name: "cursor-key", Description: "Signs the cursors of lists"},
		},
		Functions: []Function{
			{
				Name:   "create-item",
				Routes: []string{"POST /items"},
				Rights: Rights{
					{Table: "items"}:  {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
					{Queue: "events"}: {"sqs:SendMessage"},
				},
			},
			{
				Name:   "get-item",
				Routes: []string{"GET /items/{id}"},
				Rights: Rights{{Table: "items"}: {"dynamodb:GetItem"}},
			},
			{
				Name:   "list-items",
				Routes: []string{"GET /items"},
				Rights: Rights{
					{Table: "items", Index: names.StatusIndex}: {"dynamodb:Query"},
					{Secret: "cursor-key"}:                     {"secretsmanager:GetSecretValue"},
				},
			},
			{
				Name:   "update-item",
				Routes: []string{"PUT /items/{id}"},
				Rights: Rights{
					{Table: "items"}:  {"dynamodb:GetItem", "dynamodb:UpdateItem"},
					{Queue: "events"}: {"sqs:SendMessage"},
				},
			},
			{
				Name:   "delete-item",
				Routes: []string{"DELETE /items/{id}"},
				Rights: Rights{
					{Table: "items"}:  {"dynamodb:DeleteItem"},
					{Queue: "events"}: {"sqs:SendMessage"},
				},
			},
			{
				Name:         "health",
				PublicRoutes: []string{"GET /health"},
			},
			{
				Name:       "authorize",
				Authorizes: true,
				Rights:     Rights{{Secret: "token-key"}: {"secretsmanager:GetSecretValue"}},
			},
			{
				Name:         "socket",
				SocketRoutes: []string{"$connect", "$disconnect", "$default"},
				Rights:       Rights{{Table: "connections"}: {"dynamodb:PutItem", "dynamodb:DeleteItem"}},
			},
			{
				Name:     "notify",
				Consumes: "events",
				Rights: Rights{
					{Table: "connections"}: {"dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
					{Clients: true}:        {"execute-api:ManageConnections"},
				},
			},
		},
	}
}
