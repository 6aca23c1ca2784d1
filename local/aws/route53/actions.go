package route53

import (
	"fmt"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

func zoneARN(id string) string { return arn.New("route53", "", "", "hostedzone/"+id) }

// waitActions lists the action that waits for a change. Route 53 invents the id
// of a change; this one is an example from
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html.
func waitActions() []provider.Action {
	return provider.On(arn.New("route53", "", "", "change/C2682N5HXP0BZ4"), "route53:GetChange")
}

// changeActions lists the actions that change the records with these full
// names.
func changeActions(zoneID string, names ...string) []provider.Action {
	var all []string
	for _, name := range names {
		all = append(all, escaped(name))
	}
	change := provider.On(zoneARN(zoneID), "route53:ChangeResourceRecordSets")
	return append(provider.When(change, "route53:ChangeResourceRecordSetsNormalizedRecordNames", all...), waitActions()...)
}

// escaped returns a name as policy conditions have it: in lower case, without a
// trailing dot, and with other characters as octal codes
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html).
func escaped(name string) string {
	var b strings.Builder
	for _, c := range []byte(normal(name)) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-_.", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}

// zoneActions follows internal/service/route53/zone.go and tags_gen.go of
// terraform-provider-aws 5.100.0. One call both sets and removes tags.
func (z *Zones) zoneActions(o provider.Operation[Zone]) []provider.Action {
	zone := zoneARN(o.Record.ID)
	tags := o.Tags(zone, "route53:ChangeTagsForResource", "route53:ChangeTagsForResource")
	tags = tags[:min(len(tags), 1)]
	switch o.Verb {
	case provider.Create:
		return append(append(provider.On(provider.Anything, "route53:CreateHostedZone"), waitActions()...), tags...)
	case provider.Update:
		if o.Changed("comment") {
			tags = append(tags, provider.On(zone, "route53:UpdateHostedZoneComment")...)
		}
		return tags
	case provider.Delete:
		return append(append(z.emptyActions(o.Record), provider.On(zone, "route53:DeleteHostedZone")...), waitActions()...)
	}
	return provider.On(zone, "route53:GetHostedZone", "route53:ListTagsForResource")
}

// emptyActions lists the actions that delete the records of a zone with
// forceDestroy. It ignores store errors, because the delete itself then fails.
func (z *Zones) emptyActions(zone store.Record[Zone]) []provider.Action {
	if !zone.Inputs.ForceDestroy {
		return nil
	}
	actions := provider.On(zoneARN(zone.ID), "route53:ListResourceRecordSets", "route53:GetDNSSEC")
	records, _ := z.recordsOf(zone.ID)
	var names []string
	for _, r := range records {
		if name := r.State[fqdnKey]; !isOwn(name, r.Inputs.Type, normal(zone.Inputs.Name)) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return actions
	}
	return append(actions, changeActions(zone.ID, names...)...)
}

// recordActions follows internal/service/route53/record.go of
// terraform-provider-aws 5.100.0. An update is the same change as a create.
func (z *Zones) recordActions(o provider.Operation[Record]) []provider.Action {
	in := o.Record.Inputs
	looks := provider.On(zoneARN(in.ZoneID), "route53:GetHostedZone")
	lists := provider.On(zoneARN(in.ZoneID), "route53:ListResourceRecordSets")
	switch o.Verb {
	case provider.Create, provider.Update:
		return append(looks, changeActions(in.ZoneID, z.wholeName(in))...)
	case provider.Delete:
		return append(append(looks, lists...), changeActions(in.ZoneID, z.wholeName(in))...)
	}
	return append(looks, lists...)
}

// wholeName returns a record's name including its zone's. If the zone is
// missing, it returns only the record's own name; the operation then fails
// anyway.
func (z *Zones) wholeName(in Record) string {
	zone, err := store.Get[Zone](z.db, ZoneToken, in.ZoneID)
	if err != nil {
		return normal(in.Name)
	}
	return whole(in.Name, normal(zone.Inputs.Name))
}

// permitSearch follows internal/service/route53/zone_data_source.go of
// terraform-provider-aws 5.100.0: a search by name lists all zones, then reads
// the one found.
func permitSearch(c provider.Call) error {
	return c.Permit(provider.On(provider.Anything, "route53:ListHostedZones")...)
}

func permitFound(c provider.Call, id string) error {
	return c.Permit(provider.On(zoneARN(id), "route53:GetHostedZone", "route53:ListTagsForResource")...)
}
