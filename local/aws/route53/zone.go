package route53

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the resource types and the function of this package.
const (
	ZoneToken    = "aws:route53/zone:Zone"
	RecordToken  = "aws:route53/record:Record"
	GetZoneToken = "aws:route53/getZone:getZone"
)

// Zone is the inputs of a public hosted zone.
type Zone struct {
	Name         string            `json:"name" aws:"required,replace"`
	Comment      *string           `json:"comment,omitempty" aws:"idle"` // nil for the provider's own
	ForceDestroy bool              `json:"forceDestroy,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
}

// ZoneOutputs is what AWS adds to a zone, its defaults included.
type ZoneOutputs struct {
	ARN               string   `json:"arn"`
	Comment           string   `json:"comment"`
	ForceDestroy      bool     `json:"forceDestroy"`
	Name              string   `json:"name"` // lower case, without a dot at the end
	NameServers       []string `json:"nameServers"`
	PrimaryNameServer string   `json:"primaryNameServer"`
	ZoneID            string   `json:"zoneId"`
}

// Zones are the declared zones and records. They are safe for concurrent use.
type Zones struct{ db *store.Store }

// New holds the zones of db.
func New(db *store.Store) *Zones { return &Zones{db} }

// Types are the resource types of Route 53.
func (z *Zones) Types() []provider.Kind {
	zones, records := z.Resources()
	return []provider.Kind{zones, records}
}

// Resources are the resource types of this package. Its function is GetZone.
func (z *Zones) Resources() (*provider.Resource[Zone, ZoneOutputs], *provider.Resource[Record, RecordOutputs]) {
	zones := &provider.Resource[Zone, ZoneOutputs]{
		// The name is always the program's.
		Token: ZoneToken, DeletedFirst: true,
		Check: checkZone, Same: sameName,
		// AWS allows several zones of one name, so no id comes from the name.
		ID:       func(provider.Call, Zone) string { return "Z" + rand.Text()[:20] },
		Delete:   z.deleteZone,
		Actions:  z.zoneActions,
		Describe: describeZone,
	}
	return zones, z.records()
}

// sameName takes two spellings of a name for one, as the provider does: no
// zone is replaced for a dot.
func sameName(property string, old, value any) bool {
	a, _ := old.(string)
	b, _ := value.(string)
	return property == "name" && normal(a) == normal(b)
}

// maxComment is in characters:
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneConfig.html
const maxComment = 256

func checkZone(in Zone) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" {
		if reason := nameProblem(normal(in.Name), false); reason != "" {
			problems.Add("name", "%s", reason)
		}
	}
	if in.Comment != nil {
		problems.MaxCharacters("comment", *in.Comment, maxComment)
	}
	return problems
}

func describeZone(r store.Record[Zone]) ZoneOutputs {
	out := ZoneOutputs{
		ARN:          zoneARN(r.ID),
		Comment:      "Managed by Pulumi",
		ForceDestroy: r.Inputs.ForceDestroy,
		Name:         normal(r.Inputs.Name),
		NameServers:  nameServers(r.ID),
		ZoneID:       r.ID,
	}
	if r.Inputs.Comment != nil {
		out.Comment = *r.Inputs.Comment
	}
	out.PrimaryNameServer = out.NameServers[0]
	slices.Sort(out.NameServers)
	return out
}

// deleteZone refuses to delete a zone that holds records besides those that
// AWS put there
// (https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html).
func (z *Zones) deleteZone(_ context.Context, _ provider.Call, r store.Record[Zone]) error {
	records, err := z.recordsOf(r.ID)
	if err != nil {
		return err
	}
	for _, record := range records {
		if !isOwn(record.State[fqdnKey], record.Inputs.Type, normal(r.Inputs.Name)) && !r.Inputs.ForceDestroy {
			return awserr.New("HostedZoneNotEmpty", "the hosted zone %s (%s) contains non-required resource record sets, such as %s %s, and so cannot be deleted",
				r.ID, r.Inputs.Name, record.Inputs.Type, record.State[fqdnKey])
		}
	}
	for _, record := range records {
		if err := store.Delete(z.db, RecordToken, record.ID); err != nil {
			return err
		}
	}
	return nil
}

// zone is the zone with an id, if the account has it.
func (z *Zones) zone(account, id string) (store.Record[Zone], error) {
	r, err := store.Get[Zone](z.db, ZoneToken, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Account != account {
		return r, awserr.New("NoSuchHostedZone", "No hosted zone found with ID: %s: %w", id, store.ErrNotFound)
	}
	return r, err
}
