package main

import (
	"fmt"
	"maps"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// stores are what outlasts a request: tables, queues, secrets.
type stores struct {
	items       *dynamodb.Table
	connections *connections
	queues      *queues
	secrets     *secrets
}

// newStores declares them. The connections of a stack that is attached to
// another one are in the table there.
func newStores(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, owner *sharing) (s *stores, err error) {
	s = &stores{}
	if s.items, err = newTable(ctx, cfg, in); err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	if s.connections, err = newConnections(ctx, cfg, in, owner); err != nil {
		return nil, fmt.Errorf("connections: %w", err)
	}
	if s.queues, err = newQueues(ctx, cfg, in); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	if s.secrets, err = newSecrets(ctx, cfg, in); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	return s, nil
}

// places are where all is that functions may use.
func (s *stores) places(cfg config, a *apis) places {
	all := tablePlaces(s.items, s.connections)
	maps.Copy(all, s.queues.places())
	maps.Copy(all, s.secrets.places(cfg))
	maps.Copy(all, a.sockets.places())
	return all
}
