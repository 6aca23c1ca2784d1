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
func newZone(ctx *pulumi.Context, cfg config, in pulumi.ResourceOrInvokeOption) (*zone, error) {
	delegated, err := newDelegationHook(ctx, cfg, in)
	if err != nil {
		return nil, err
	}
	if !cfg.CreateZone {
		found, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.Zone)}, in)
		if err != nil {
			return nil, fmt.Errorf("skiff:zone %s was not found in account %s; create it there, or set skiff:createZone to true: %w", cfg.Zone, cfg.Account, err)
		}
		return &zone{
			id:          pulumi.String(found.ZoneId).ToStringOutput(),
			nameServers: pulumi.ToStringArray(found.NameServers).ToStringArrayOutput(),
			delegated:   delegated,
		}, nil
	}
	made, err := createZone(ctx, cfg, in)
	if err != nil {
		return nil, err
	}
	z := &zone{id: made.ZoneId, nameServers: made.NameServers, declared: []pulumi.Resource{made}, delegated: delegated}
	if cfg.ParentZone == "" {
		return z, nil
	}
	record, err := delegate(ctx, cfg, in, made)
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
func createZone(ctx *pulumi.Context, cfg config, in pulumi.ResourceOrInvokeOption) (*route53.Zone, error) {
	single, err := newZoneHook(ctx, cfg, in)
	if err != nil {
		return nil, err
	}
	return route53.NewZone(ctx, "zone", &route53.ZoneArgs{
		Name:    pulumi.String(cfg.Zone),
		Comment: pulumi.String(fmt.Sprintf("%s, stack %s", ctx.Project(), ctx.Stack())),
	}, in, single, pulumi.Protect(cfg.Protect), pulumi.RetainOnDelete(true))
}

// newZoneHook refuses, in previews too, to make a zone where the account has one
// of the name: Route 53 would make it, with name servers that the world does not
// ask, and a later look-up by name would find two.
func newZoneHook(ctx *pulumi.Context, cfg config, in pulumi.InvokeOption) (pulumi.ResourceOption, error) {
	return beforeCreate(ctx, "one-zone-of-a-name", func(*pulumi.ResourceHookArgs) error {
		found, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.Zone)}, in)
		if err != nil {
			return nil // there is none, or its creation will say what is wrong
		}
		return fmt.Errorf("account %s has the zone %s already (%s), and a second one would have other name servers; "+
			"to use the one that is there: pulumi config set %s:createZone false --stack %s", cfg.Account, cfg.Zone, found.ZoneId, ctx.Project(), ctx.Stack())
	})
}

// delegate declares the record by which the parent zone, where it is of the same
// account, leads to the new one.
func delegate(ctx *pulumi.Context, cfg config, in pulumi.ResourceOrInvokeOption, made *route53.Zone) (*route53.Record, error) {
	parent, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.ParentZone)}, in)
	if err != nil {
		return nil, fmt.Errorf("skiff:parentZone %s was not found in account %s: %w", cfg.ParentZone, cfg.Account, err)
	}
	return route53.NewRecord(ctx, "delegation", &route53.RecordArgs{
		ZoneId:  pulumi.String(parent.ZoneId),
		Name:    pulumi.String(cfg.Zone),
		Type:    pulumi.String("NS"),
		Ttl:     pulumi.Int(3600), // seconds
		Records: made.NameServers,
	}, in)
}
