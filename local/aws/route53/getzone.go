package route53

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// GetZone finds a public zone of the caller's account. It implements
// aws:route53/getZone:getZone of the AWS provider.
func (z *Zones) GetZone(c provider.Call, args map[string]any) (map[string]any, error) {
	if err := checkSearch(args); err != nil {
		return nil, err
	}
	if id, _ := args["zoneId"].(string); id != "" {
		r, err := z.zone(c.Account, id)
		if err != nil {
			return nil, err
		}
		return z.found(c, r)
	}
	if err := permitSearch(c); err != nil {
		return nil, err
	}
	if private, _ := args["privateZone"].(bool); private {
		return nil, fmt.Errorf("no matching Route 53 Hosted Zone found: the local cloud has public zones only, and privateZone is true")
	}
	name, _ := args["name"].(string)
	tags, _ := args["tags"].(map[string]any)
	all, err := store.List[Zone](z.db, ZoneToken)
	if err != nil {
		return nil, err
	}
	var found []store.Record[Zone]
	var ids []string
	for _, r := range all {
		if r.Account == c.Account && normal(r.Inputs.Name) == normal(name) && hasTags(r.Tags, tags) {
			found, ids = append(found, r), append(ids, r.ID)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no matching Route 53 Hosted Zone found: account %s has no public zone %s", c.Account, normal(name))
	case 1:
		return z.found(c, found[0])
	}
	return nil, fmt.Errorf("multiple Route 53 Hosted Zones matched; use additional constraints to reduce matches to a single Route 53 Hosted Zone: %s are %s; give zoneId instead", strings.Join(ids, " and "), normal(name))
}

func checkSearch(args map[string]any) error {
	known := []string{"name", "privateZone", "tags", "zoneId"}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if args[name] != nil && !slices.Contains(known, name) {
			return fmt.Errorf("%s: the local cloud does not know this argument of %s; it knows %s", name, GetZoneToken, strings.Join(known, ", "))
		}
	}
	id, _ := args["zoneId"].(string)
	name, _ := args["name"].(string)
	if (id == "") == (name == "") {
		return fmt.Errorf("%s needs either zoneId or name", GetZoneToken)
	}
	return nil
}

func hasTags(have map[string]string, want map[string]any) bool {
	for name, value := range want {
		if got, ok := have[name]; !ok || got != value {
			return false
		}
	}
	return true
}

func (z *Zones) found(c provider.Call, r store.Record[Zone]) (map[string]any, error) {
	if err := permitFound(c, r.ID); err != nil {
		return nil, err
	}
	records, err := z.recordsOf(r.ID)
	if err != nil {
		return nil, err
	}
	zone, count := describeZone(r), 2
	for _, record := range records {
		if !isOwn(record.State[fqdnKey], record.Inputs.Type, zone.Name) {
			count++
		}
	}
	tags := map[string]any{}
	for name, value := range r.Tags {
		tags[name] = value
	}
	var servers []any
	for _, server := range zone.NameServers {
		servers = append(servers, server)
	}
	return map[string]any{
		"arn": zoneARN(r.ID), "id": r.ID, "zoneId": r.ID, "name": zone.Name, "comment": zone.Comment,
		"callerReference": "pulumi-" + r.Created.UTC().Format("20060102150405.000000000"),
		"nameServers":     servers, "primaryNameServer": zone.PrimaryNameServer, "privateZone": false,
		"resourceRecordSetCount": float64(count), "tags": tags, "vpcId": "",
		"linkedServicePrincipal": "", "linkedServiceDescription": "",
	}, nil
}
