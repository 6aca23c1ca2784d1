package route53

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Record holds the inputs of a record set with simple routing. Name may leave
// out the zone's name. It is empty for the zone's own name.
type Record struct {
	ZoneID         string   `json:"zoneId" aws:"required,replace"`
	Name           string   `json:"name" aws:"replace"`
	Type           string   `json:"type" aws:"required"`
	TTL            *int     `json:"ttl,omitempty"` // seconds
	Records        []string `json:"records,omitempty"`
	Aliases        []Alias  `json:"aliases,omitempty"`
	AllowOverwrite bool     `json:"allowOverwrite,omitempty"`
}

// Alias is the target of an alias record. EvaluateTargetHealth has no effect
// here: every target is healthy.
type Alias struct {
	Name                 string `json:"name" aws:"required"`
	ZoneID               string `json:"zoneId" aws:"required"`
	EvaluateTargetHealth bool   `json:"evaluateTargetHealth" aws:"required,idle"`
}

// RecordOutputs holds the outputs and defaults that AWS adds to a record.
type RecordOutputs struct {
	AllowOverwrite bool   `json:"allowOverwrite"`
	FQDN           string `json:"fqdn"` // without a trailing dot
	Name           string `json:"name"`
}

// fqdnKey is the state key of a record's full name, without a trailing dot.
const fqdnKey = "fqdn"

func records(z *Zones) *provider.Resource[Record, RecordOutputs] {
	return &provider.Resource[Record, RecordOutputs]{
		Token: RecordToken, Exclusive: true,
		Check: checkRecord, Same: sameName,
		Overwrites: func(in Record) bool { return in.AllowOverwrite },
		// The provider changes the type in place and keeps the id.
		ID: func(_ provider.Call, in Record) string {
			return in.ZoneID + "_" + normal(in.Name) + "_" + in.Type
		},
		Create: func(_ context.Context, c provider.Call, r *store.Record[Record]) error { return z.place(c, r) },
		Update: func(_ context.Context, c provider.Call, _ store.Record[Record], r *store.Record[Record]) error {
			return z.place(c, r)
		},
		Delete:  z.deleteRecord,
		Actions: z.recordActions,
		Describe: func(r store.Record[Record]) RecordOutputs {
			return RecordOutputs{AllowOverwrite: r.Inputs.AllowOverwrite, FQDN: r.State[fqdnKey], Name: normal(r.Inputs.Name)}
		},
	}
}

var (
	zoneIDForm = regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)
	// See
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-regional-api-custom-domain-create.html.
	gatewayForm = regexp.MustCompile(`^d-[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com$`)
)

// checkRecord reports what
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
// rejects, as far as the inputs show it.
func checkRecord(in Record) []provider.Problem {
	var problems provider.Problems
	if in.ZoneID != "" && !zoneIDForm.MatchString(in.ZoneID) {
		problems.Add("zoneId", "%q is not the id of a hosted zone, such as Z1D633PJN98FT9", in.ZoneID)
	}
	if in.Name != "" {
		if reason := nameProblem(normal(in.Name), true); reason != "" {
			problems.Add("name", "%s", reason)
		}
	}
	problems.OneOf("type", in.Type, recordTypes()...)
	if in.TTL != nil {
		problems.Within("ttl", *in.TTL, 0, math.MaxInt32, "seconds")
	}
	if len(in.Aliases) > 0 && (len(in.Records) > 0 || in.TTL != nil) {
		problems.Add("aliases", "cannot be combined with records and ttl")
	}
	if n := len(in.Aliases); n > 1 {
		problems.Add("aliases", "there are %d; a record has one", n)
	}
	if n := len(in.Records); n > 1 && (in.Type == "CNAME" || in.Type == "SOA") {
		problems.Add("records", "there are %d; a %s record has one", n, in.Type)
	}
	for i, value := range in.Records {
		if reason := valueProblem(in.Type, value); reason != "" {
			problems.Add(fmt.Sprintf("records[%d]", i), "%s", reason)
		}
	}
	return problems
}

// invalid returns the error for a batch of changes of which Route 53 makes
// none.
func invalid(format string, args ...any) error {
	return awserr.New("InvalidChangeBatch", format, args...)
}

// place sets a record's full name, and refuses a record that its zone cannot
// have.
func (z *Zones) place(c provider.Call, r *store.Record[Record]) error {
	in := r.Inputs
	zone, err := z.zone(c.Account, in.ZoneID)
	if err != nil {
		return err
	}
	apex := normal(zone.Inputs.Name)
	name := whole(in.Name, apex)
	r.State[fqdnKey] = name
	switch {
	case (len(in.Records) > 0) == (len(in.Aliases) > 0):
		return invalid("the record %s needs either records or aliases", name)
	case len(in.Records) > 0 && in.TTL == nil:
		return invalid("the record %s needs ttl with records", name)
	case len(name) > maxName:
		return invalid("the record name %s has %d characters; at most %d", name, len(name), maxName)
	case !within(name, apex):
		return invalid("RRSet with DNS name %s. is not permitted in zone %s.", name, apex)
	case in.Type == "CNAME" && name == apex:
		return invalid("RRSet of type CNAME with DNS name %s. is not permitted at apex in zone %s.", name, apex)
	case in.Type == "SOA" && name != apex:
		return invalid("RRSet of type SOA with DNS name %s. is only permitted at apex in zone %s.", name, apex)
	}
	others, err := z.recordsOf(in.ZoneID)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(slices.Clone(others), func(o store.Record[Record]) bool { return o.ID == r.ID })
	if err := z.checkAlias(in, name, others); err != nil {
		return err
	}
	return z.makeRoom(in, name, apex, others)
}

// whole returns a record's name including the zone's. As in the AWS provider, a
// name that ends with the zone's name is complete already.
func whole(name, apex string) string {
	name = normal(name)
	switch {
	case strings.HasSuffix(name, apex):
		return name
	case name == "":
		return apex
	}
	return name + "." + apex
}

// isOwn reports whether a record set is one of the two that AWS creates in
// every zone.
func isOwn(name, recordType, apex string) bool {
	return name == apex && (recordType == "NS" || recordType == "SOA")
}

// makeRoom refuses a record if its name and type exist already, unless it may
// overwrite them. It also refuses a CNAME record next to other records of the
// same name.
func (z *Zones) makeRoom(in Record, name, apex string, others []store.Record[Record]) error {
	const exists = "Tried to create resource record set [name='%s.', type='%s'] but it already exists"
	if isOwn(name, in.Type, apex) && !in.AllowOverwrite {
		return invalid(exists, name, in.Type)
	}
	for _, o := range others {
		switch same := o.State[fqdnKey] == name; {
		case !same:
		case o.Inputs.Type == in.Type && !in.AllowOverwrite:
			return invalid(exists+" (it belongs to %s)", name, in.Type, o.URN)
		case o.Inputs.Type == in.Type:
			if err := store.Delete(z.db, RecordToken, o.ID); err != nil {
				return err
			}
		case in.Type == "CNAME":
			return invalid("RRSet of type CNAME with DNS name %s. is not permitted as it conflicts with other records with the same DNS name in zone %s.", name, apex)
		case o.Inputs.Type == "CNAME":
			return invalid("RRSet of type %s with DNS name %s. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone %s.", in.Type, name, apex)
		}
	}
	return nil
}

// checkAlias refuses an alias to a missing target
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html).
// API Gateway is the only AWS service here that can be a target.
func (z *Zones) checkAlias(in Record, name string, others []store.Record[Record]) error {
	if len(in.Aliases) == 0 {
		return nil
	}
	alias := in.Aliases[0]
	target := normal(alias.Name)
	if in.Type == "NS" || in.Type == "SOA" {
		return invalid("the record %s of type %s cannot be an alias", name, in.Type)
	}
	if alias.ZoneID == in.ZoneID {
		for _, o := range others {
			if o.State[fqdnKey] == target && o.Inputs.Type == in.Type && target != name {
				return nil
			}
		}
		return invalid("Tried to create an alias that targets %s., type %s in zone %s, but that target was not found", target, in.Type, alias.ZoneID)
	}
	if in.Type != "A" && in.Type != "AAAA" || !gatewayForm.MatchString(target) {
		return invalid("Tried to create an alias that targets %s., type %s in zone %s: the local cloud supports A and AAAA aliases to a regional domain name of API Gateway (d-….execute-api.REGION.amazonaws.com), and aliases to records of the same zone",
			target, in.Type, alias.ZoneID)
	}
	return nil
}

// deleteRecord refuses to delete the records that AWS keeps in every zone.
func (z *Zones) deleteRecord(_ context.Context, _ provider.Call, r store.Record[Record]) error {
	zone, err := store.Get[Zone](z.db, ZoneToken, r.Inputs.ZoneID)
	if err == nil && isOwn(r.State[fqdnKey], r.Inputs.Type, normal(zone.Inputs.Name)) {
		return invalid("A HostedZone must contain its own %s record: declare it with the option retainOnDelete", r.Inputs.Type)
	}
	return nil
}

// recordsOf returns the declared records of a zone.
func (z *Zones) recordsOf(zoneID string) ([]store.Record[Record], error) {
	all, err := store.List[Record](z.db, RecordToken)
	if err != nil {
		return nil, err
	}
	var records []store.Record[Record]
	for _, r := range all {
		if r.Inputs.ZoneID == zoneID {
			records = append(records, r)
		}
	}
	return records, nil
}
