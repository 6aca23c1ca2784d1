package main

import (
	"fmt"
	"maps"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// stores holds the resources that keep data.
type stores struct {
	tables     []table
	queues     []queue
	deadQueues map[string]*sqs.Queue // by function: the stream records that it failed to process
	secrets    []secret
	buckets    []bucket
	parameters []parameter
}

func newStores(s *stack, service parts) (d *stores, err error) {
	d = &stores{}
	if d.tables, err = newTables(s, service.Tables); err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	if d.queues, err = newQueues(s, service.Queues); err != nil {
		return nil, fmt.Errorf("queues: %w", err)
	}
	if d.deadQueues, err = newStreamDeadQueues(s, service.Functions); err != nil {
		return nil, fmt.Errorf("queues: %w", err)
	}
	if d.secrets, err = newSecrets(s, service.Secrets); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	if d.buckets, err = newBuckets(s, service.Buckets); err != nil {
		return nil, fmt.Errorf("buckets: %w", err)
	}
	if d.parameters, err = newParameters(s, service.Parameters); err != nil {
		return nil, fmt.Errorf("parameters: %w", err)
	}
	return d, nil
}

// places returns the places of all stores.
func (d *stores) places() places {
	all := places{}
	for _, t := range d.tables {
		maps.Copy(all, t.places())
	}
	for _, q := range d.queues {
		maps.Copy(all, q.places())
	}
	for function, q := range d.deadQueues {
		all[lambdas.Resource{Queue: deadName(function)}] = place{arn: q.Arn}
	}
	for _, x := range d.secrets {
		maps.Copy(all, x.places())
	}
	for _, b := range d.buckets {
		maps.Copy(all, b.places())
	}
	for _, p := range d.parameters {
		maps.Copy(all, p.places())
	}
	return all
}

// last returns the resources that no other resource depends on.
func (d *stores) last() (all []pulumi.Resource) {
	for _, q := range d.queues {
		all = append(all, q.allowed)
	}
	for _, b := range d.buckets {
		all = append(all, b.settings...)
	}
	for _, t := range d.tables {
		all = append(all, t.made)
	}
	for _, x := range d.secrets {
		all = append(all, x.made)
	}
	for _, p := range d.parameters {
		all = append(all, p.made)
	}
	return all
}

// table returns the table with this name.
func (d *stores) table(name string) table {
	for _, t := range d.tables {
		if t.Name == name {
			return t
		}
	}
	return table{}
}

// queue returns the queue with this name.
func (d *stores) queue(name string) queue {
	for _, q := range d.queues {
		if q.Name == name {
			return q
		}
	}
	return queue{}
}
