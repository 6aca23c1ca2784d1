package main

import (
	"fmt"
	"os"
	"sync"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/delegation"
	"skiff/internal/rehearsal"
)

// newDelegationHook returns a hook that checks, before a record of a domain is
// created, whether DNS delegates the zone. Without this check, ACM would wait
// in vain for a domain that does not resolve.
//
// The hook runs only for new records, so other changes need no DNS. It runs in
// previews too, except for a new zone, which has no name servers yet.
func newDelegationHook(s *stack) (pulumi.ResourceOption, error) {
	if !s.cfg.CheckDelegation {
		return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{}), nil
	}
	var once sync.Once // all records are in one zone
	var failed error
	return beforeCreate(s.ctx, "delegated", func(args *pulumi.ResourceHookArgs) error {
		id := args.NewInputs["zoneId"]
		if id.IsOutput() {
			id = id.OutputValue().Element
		}
		if !id.IsString() { // not known yet
			return nil
		}
		once.Do(func() { failed = checkDelegation(s, id.StringValue()) })
		return failed
	})
}

// checkDelegation compares the name servers in the parent zone with the name
// servers of the zone.
func checkDelegation(s *stack, id string) error {
	zone, err := route53.LookupZone(s.ctx, &route53.LookupZoneArgs{ZoneId: pulumi.StringRef(id)}, s.in)
	if err != nil {
		return err
	}
	return delegation.Check(s.ctx.Context(), s.cfg.Zone, zone.NameServers, delegation.Options{
		Server:    os.Getenv(rehearsal.ResolverVariable),
		Meanwhile: fmt.Sprintf("see %s in Pulumi.yaml for how a new stack works without its domain until then", s.cfg.key("delegated")),
		Skip:      fmt.Sprintf("skip this check: pulumi config set %s false --stack %s", s.cfg.key("checkDelegation"), s.ctx.Stack()),
	})
}
