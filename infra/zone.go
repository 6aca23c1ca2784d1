package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// zone is the hosted zone that the domains are in.
type zone struct {
	id          pulumi.StringOutput // known once a parent zone that is set delegates it
	nameServers pulumi.StringArrayOutput
	declared    []pulumi.Resource
	delegated   pulumi.ResourceOption // of each record: none is made before DNS leads to the zone
}

// newZone declares the zone, or finds the one that is there.
func newZone(s *stack) (*zone, error) {
	cfg := s.cfg
	delegated, err := newDelegationHook(s)
	if err != nil {
		return nil, err
	}
	if !cfg.CreateZone {
		found, err := route53.LookupZone(s.ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.Zone)}, s.in)
		if err != nil {
			return nil, fmt.Errorf("%s %s was not found in account %s; create it there, or set %s to true: %w", cfg.key("zone"), cfg.Zone, cfg.Account, cfg.key("createZone"), err)
		}
		return &zone{
			id:          pulumi.String(found.ZoneId).ToStringOutput(),
			nameServers: pulumi.ToStringArray(found.NameServers).ToStringArrayOutput(),
			delegated:   delegated,
		}, nil
	}
	made, err := createZone(s)
	if err != nil {
		return nil, err
	}
	z := &zone{id: made.ZoneId, nameServers: made.NameServers, declared: []pulumi.Resource{made}, delegated: delegated}
	if cfg.ParentZone == "" {
		return z, nil
	}
	record, err := delegate(s, made)
	if err != nil {
		return nil, err
	}
	z.declared = append(z.declared, record)
	z.id = pulumi.All(made.ZoneId, record.Fqdn).ApplyT(func(known []any) string { return known[0].(string) }).(pulumi.StringOutput)
	return z, nil
}

// createZone declares the zone. A zone is retained when the stack goes: a new
// one of the same name has other name servers, and the domain would be gone
// until its parent knows them.
func createZone(s *stack) (*route53.Zone, error) {
	single, err := newZoneHook(s)
	if err != nil {
		return nil, err
	}
	return route53.NewZone(s.ctx, "zone", &route53.ZoneArgs{
		Name:    pulumi.String(s.cfg.Zone),
		Comment: pulumi.String(fmt.Sprintf("%s, stack %s", s.ctx.Project(), s.ctx.Stack())),
	}, s.in, single, pulumi.Protect(s.cfg.Protect), pulumi.RetainOnDelete(true))
}

// newZoneHook refuses, in previews too, to make a zone where the account has one
// of the name: Route 53 would make it, with name servers that the world does not
// ask, and a later look-up by name would find two.
func newZoneHook(s *stack) (pulumi.ResourceOption, error) {
	cfg := s.cfg
	return beforeCreate(s.ctx, "one-zone-of-a-name", func(*pulumi.ResourceHookArgs) error {
		found, err := route53.LookupZone(s.ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.Zone)}, s.in)
		if err != nil {
			return nil // there is none, or its creation will say what is wrong
		}
		return fmt.Errorf("account %s has the zone %s already (%s), and a second one would have other name servers; "+
			"to use the one that is there: pulumi config set %s:createZone false --stack %s", cfg.Account, cfg.Zone, found.ZoneId, s.ctx.Project(), s.ctx.Stack())
	})
}

// delegate declares the record by which the parent zone, where it is of the same
// account, leads to the new one.
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
