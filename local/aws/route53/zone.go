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

// Tokens of the resource types and of the function.
const (
	ZoneToken    = "aws:route53/zone:Zone"
	RecordToken  = "aws:route53/record:Record"
	GetZoneToken = "aws:route53/getZone:getZone"
)

// Zone holds the inputs of a public hosted zone.
type Zone struct {
	Name         string            `json:"name" aws:"required,replace"`
	Comment      *string           `json:"comment,omitempty" aws:"idle"` // nil for the provider's default
	ForceDestroy bool              `json:"forceDestroy,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
}

// ZoneOutputs holds the outputs and defaults that AWS adds to a zone.
type ZoneOutputs struct {
	ARN               string   `json:"arn"`
	Comment           string   `json:"comment"`
	ForceDestroy      bool     `json:"forceDestroy"`
	Name              string   `json:"name"` // lower case, without a trailing dot
	NameServers       []string `json:"nameServers"`
	PrimaryNameServer string   `json:"primaryNameServer"`
	ZoneID            string   `json:"zoneId"`
}

// Zones holds the declared zones and records. It is safe for concurrent use.
type Zones struct{ db *store.Store }

// New returns the zones in db.
func New(db *store.Store) *Zones { return &Zones{db} }

// Types returns the resource types of Route 53.
func (z *Zones) Types() []provider.Kind {
	zones, records := resourceTypes(z)
	return []provider.Kind{zones, records}
}

// resourceTypes returns the resource types of zones and records.
func resourceTypes(z *Zones) (*provider.Resource[Zone, ZoneOutputs], *provider.Resource[Record, RecordOutputs]) {
	zones := &provider.Resource[Zone, ZoneOutputs]{
		// The program always sets the name, so the old zone is deleted first.
		Token: ZoneToken, DeletedFirst: true,
		Check: checkZone, Same: sameName,
		// AWS allows several zones of one name, so the id cannot derive from
		// the name.
		ID:       func(provider.Call, Zone) string { return "Z" + rand.Text()[:20] },
		Delete:   z.deleteZone,
		Actions:  z.zoneActions,
		Describe: describeZone,
	}
	return zones, records(z)
}

// sameName reports whether two names differ only in case or a trailing dot.
// Such a change does not replace a zone.
func sameName(property string, old, value any) bool {
	a, _ := old.(string)
	b, _ := value.(string)
	return property == "name" && normal(a) == normal(b)
}

// maxComment is in characters
// (https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneConfig.html).
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

// deleteZone refuses to delete a zone that has other records than those AWS
// creates, unless forceDestroy is set
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

// zone returns the account's zone with an id.
func (z *Zones) zone(account, id string) (store.Record[Zone], error) {
	r, err := store.Get[Zone](z.db, ZoneToken, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Account != account {
		return r, awserr.New("NoSuchHostedZone", "No hosted zone found with ID: %s: %w", id, store.ErrNotFound)
	}
	return r, err
}
