package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/delegation"
)

// resolverVariable names a DNS server, as HOST:PORT, to ask in place of the
// system's and of the parent zone's. A cloud on this machine has its own.
const resolverVariable = "SKIFF_RESOLVER"

// zone is the hosted zone that the domains are in.
type zone struct {
	id          pulumi.StringOutput // known once the zone is found to be delegated
	nameServers pulumi.StringArrayOutput
	declared    []pulumi.Resource
}

// newZone declares the zone, or finds the one that is there. A zone is retained
// when the stack goes: a new one of the same name has other name servers, and
// the domain would be gone until its parent knows them.
func newZone(ctx *pulumi.Context, cfg config, in pulumi.ResourceOrInvokeOption) (*zone, error) {
	if !cfg.CreateZone {
		found, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.Zone)}, in)
		if err != nil {
			return nil, fmt.Errorf("skiff:zone %s was not found in account %s; create it there, or set skiff:createZone to true: %w", cfg.Zone, cfg.Account, err)
		}
		z := &zone{id: pulumi.String(found.ZoneId).ToStringOutput(), nameServers: pulumi.ToStringArray(found.NameServers).ToStringArrayOutput()}
		z.check(cfg)
		return z, nil
	}
	made, err := route53.NewZone(ctx, "zone", &route53.ZoneArgs{
		Name:    pulumi.String(cfg.Zone),
		Comment: pulumi.String(fmt.Sprintf("%s, stack %s", ctx.Project(), ctx.Stack())),
	}, in, pulumi.Protect(cfg.Protect), pulumi.RetainOnDelete(true))
	if err != nil {
		return nil, err
	}
	z := &zone{id: made.ZoneId, nameServers: made.NameServers, declared: []pulumi.Resource{made}}
	if err := z.delegate(ctx, cfg, in); err != nil {
		return nil, err
	}
	z.check(cfg)
	return z, nil
}

// check makes the id known once the zone is found to be delegated, unless the
// settings say that it is not yet.
func (z *zone) check(cfg config) {
	if !cfg.Delegated {
		return
	}
	z.id = pulumi.All(z.id, z.nameServers).ApplyT(func(ctx context.Context, known []any) (string, error) {
		return known[0].(string), checkDelegation(ctx, cfg.Zone, known[1].([]string))
	}).(pulumi.StringOutput)
}

// delegate tells the parent zone of the new one, where it is of the same account
// and named. The id is known once that is done.
func (z *zone) delegate(ctx *pulumi.Context, cfg config, in pulumi.ResourceOrInvokeOption) error {
	if cfg.ParentZone == "" {
		return nil
	}
	parent, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef(cfg.ParentZone)}, in)
	if err != nil {
		return fmt.Errorf("skiff:parentZone %s was not found in account %s: %w", cfg.ParentZone, cfg.Account, err)
	}
	record, err := route53.NewRecord(ctx, "delegation", &route53.RecordArgs{
		ZoneId:  pulumi.String(parent.ZoneId),
		Name:    pulumi.String(cfg.Zone),
		Type:    pulumi.String("NS"),
		Ttl:     pulumi.Int(3600), // seconds
		Records: z.nameServers,
	}, in)
	if err != nil {
		return err
	}
	z.declared = append(z.declared, record)
	z.id = pulumi.All(z.id, record.Fqdn).ApplyT(func(known []any) string { return known[0].(string) }).(pulumi.StringOutput)
	return nil
}

// checkDelegation looks the zone up where the world does. A certificate of a zone
// that nobody can find is waited for in vain; the look-up takes a second.
func checkDelegation(ctx context.Context, name string, nameServers []string) error {
	return delegation.Check(ctx, name, nameServers, delegation.Options{
		Server: os.Getenv(resolverVariable),
		Hint:   "to bring up all but the domain, set skiff:delegated to false",
	})
}
