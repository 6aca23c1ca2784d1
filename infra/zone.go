package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// zone is the hosted zone of the domains.
type zone struct {
	id             pulumi.StringOutput // resolves after the record in the parent zone, if that is set
	nameServers    pulumi.StringArrayOutput
	resources      []pulumi.Resource
	delegationHook pulumi.ResourceOption // for each record: a hook that fails unless DNS delegates the zone
}

// newZone declares the zone, or looks up the existing one.
func newZone(s *stack) (*zone, error) {
	cfg := s.cfg
	hook, err := newDelegationHook(s)
	if err != nil {
		return nil, err
	}
	if !cfg.CreateZone {
		found, err := route53.LookupZone(s.ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.Zone)}, s.in)
		if err != nil {
			return nil, fmt.Errorf("%s %s was not found in account %s; create it there, or set %s to true: %w", cfg.key("zone"), cfg.Zone, cfg.Account, cfg.key("createZone"), err)
		}
		return &zone{
			id:             pulumi.String(found.ZoneId).ToStringOutput(),
			nameServers:    pulumi.ToStringArray(found.NameServers).ToStringArrayOutput(),
			delegationHook: hook,
		}, nil
	}
	made, err := createZone(s)
	if err != nil {
		return nil, err
	}
	z := &zone{id: made.ZoneId, nameServers: made.NameServers, resources: []pulumi.Resource{made}, delegationHook: hook}
	if cfg.ParentZone == "" {
		return z, nil
	}
	record, err := delegate(s, made)
	if err != nil {
		return nil, err
	}
	z.resources = append(z.resources, record)
	z.id = pulumi.All(made.ZoneId, record.Fqdn).ApplyT(func(values []any) string { return values[0].(string) }).(pulumi.StringOutput)
	return z, nil
}

// createZone declares the zone. A destroy keeps it: a new zone with the same
// name gets other name servers, and the domain would not resolve until the
// parent zone lists them.
func createZone(s *stack) (*route53.Zone, error) {
	hook, err := newZoneHook(s)
	if err != nil {
		return nil, err
	}
	return route53.NewZone(s.ctx, "zone", &route53.ZoneArgs{
		Name:    pulumi.String(s.cfg.Zone),
		Comment: pulumi.String(fmt.Sprintf("%s, stack %s", s.ctx.Project(), s.ctx.Stack())),
	}, s.in, hook, pulumi.Protect(s.cfg.Protect), pulumi.RetainOnDelete(true))
}

// newZoneHook refuses a zone whose name the account already has, in previews
// too. Route 53 would create a second zone with other name servers, which DNS
// never asks. A later lookup by name would find both.
func newZoneHook(s *stack) (pulumi.ResourceOption, error) {
	cfg := s.cfg
	return beforeCreate(s.ctx, "one-zone-of-a-name", func(*pulumi.ResourceHookArgs) error {
		found, err := route53.LookupZone(s.ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.Zone)}, s.in)
		if err != nil {
			return nil // there is no such zone, or creating it reports the error
		}
		return fmt.Errorf("account %s already has the zone %s (%s), and a second one would have other name servers; "+
			"to use the existing zone: pulumi config set %s:createZone false --stack %s", cfg.Account, cfg.Zone, found.ZoneId, s.ctx.Project(), s.ctx.Stack())
	})
}

// delegate declares the record in the parent zone that delegates the new zone.
// The parent zone belongs to the same account.
func delegate(s *stack, made *route53.Zone) (*route53.Record, error) {
	cfg := s.cfg
	parent, err := route53.LookupZone(s.ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.ParentZone)}, s.in)
	if err != nil {
		return nil, fmt.Errorf("%s %s was not found in account %s: %w", cfg.key("parentZone"), cfg.ParentZone, cfg.Account, err)
	}
	return route53.NewRecord(s.ctx, "delegation", &route53.RecordArgs{
		ZoneId:  pulumi.String(parent.ZoneId),
		Name:    pulumi.String(cfg.Zone),
		Type:    pulumi.String("NS"),
		Ttl:     pulumi.Int(3600), // seconds
		Records: made.NameServers,
	}, s.in)
}
