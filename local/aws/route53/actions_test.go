package route53

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

// newRole returns a program that runs with a role and declares this package's
// types.
func newRole(t *testing.T) *providertest.Role {
	t.Helper()
	p := newPlane(t)
	r := providertest.New(p.db)
	zones, records := resourceTypes(p.Zones)
	if zones.Actions == nil || records.Actions == nil {
		t.Fatal("a type has no actions")
	}
	r.Add(zones, records)
	r.AddInvoke(GetZoneToken, p.GetZone)
	return r
}

const (
	anyZone   = "arn:aws:route53:::hostedzone/"
	getChange = "route53:GetChange arn:aws:route53:::change/C2682N5HXP0BZ4"
	namesKey  = " route53:ChangeResourceRecordSetsNormalizedRecordNames="
)

func TestZoneActions(t *testing.T) {
	t.Parallel()
	r := newRole(t)
	in := func(comment string, tags properties) properties {
		return properties{"name": "example.com", "comment": comment, "tags": tags}
	}
	tagged := "route53:ChangeTagsForResource " + anyZone + "{id}"
	r.Run(t, ZoneToken,
		providertest.Step{Verb: provider.Create, In: in("a", properties{"Team": "x"}), Want: []string{"route53:CreateHostedZone *", getChange, tagged}},
		providertest.Step{Verb: provider.Read, Want: []string{"route53:GetHostedZone " + anyZone + "{id}", "route53:ListTagsForResource " + anyZone + "{id}"}},
		providertest.Step{Verb: provider.Update, In: in("a", properties{"Room": "y"}), Want: []string{tagged}},
		providertest.Step{Verb: provider.Update, In: in("b", properties{"Room": "y"}), Want: []string{"route53:UpdateHostedZoneComment " + anyZone + "{id}"}},
		providertest.Step{Verb: provider.Delete, Want: []string{"route53:DeleteHostedZone " + anyZone + "{id}", getChange}},
	)
}

// TestForcedActions deletes a zone with forceDestroy, including its records.
func TestForcedActions(t *testing.T) {
	t.Parallel()
	r := newRole(t)
	in := properties{"name": "example.com", "forceDestroy": true}
	for _, names := range [][]string{{"a", "*"}, nil} {
		zone := r.Create(t, ZoneToken, in)
		want := []string{"route53:DeleteHostedZone " + anyZone + zone, getChange, "route53:GetDNSSEC " + anyZone + zone, "route53:ListResourceRecordSets " + anyZone + zone}
		for _, name := range names {
			r.Create(t, RecordToken, properties{"zoneId": zone, "name": name, "type": "A", "ttl": 60, "records": []any{"192.0.2.1"}})
		}
		if names != nil {
			want = append(want, "route53:ChangeResourceRecordSets "+anyZone+zone+namesKey+`\052.example.com,a.example.com`)
		}
		r.Asked()
		if _, err := r.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: zone, Type: ZoneToken, Urn: urnOf(ZoneToken, "a"), Properties: encode(t, in)}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, r.Asked()); diff != "" {
			t.Errorf("with records %v (-want +got)\n%s", names, diff)
		}
	}
}

func TestRecordActions(t *testing.T) {
	t.Parallel()
	r := newRole(t)
	zone := r.Create(t, ZoneToken, properties{"name": "example.com"})
	looks, lists := "route53:GetHostedZone "+anyZone+zone, "route53:ListResourceRecordSets "+anyZone+zone
	for name, escaped := range map[string]string{
		"API.example.com.": "api.example.com", "api": "api.example.com", "": "example.com", "*.example.com": `\052.example.com`, "_abc.www": "_abc.www.example.com",
	} {
		in := func(ttl int) properties {
			return properties{"zoneId": zone, "name": name, "type": "TXT", "ttl": ttl, "records": []any{"a"}}
		}
		change := "route53:ChangeResourceRecordSets " + anyZone + zone + namesKey + escaped
		r.Run(t, RecordToken,
			providertest.Step{Verb: provider.Create, In: in(60), Want: []string{looks, change, getChange}},
			providertest.Step{Verb: provider.Read, Want: []string{looks, lists}},
			providertest.Step{Verb: provider.Update, In: in(70), Want: []string{looks, change, getChange}},
			providertest.Step{Verb: provider.Delete, Want: []string{looks, lists, change, getChange}},
		)
	}
}

// TestGetZoneActions finds a zone by its name and by its id.
func TestGetZoneActions(t *testing.T) {
	t.Parallel()
	r := newRole(t)
	zone := r.Create(t, ZoneToken, properties{"name": "example.com"})
	found := []string{"route53:GetHostedZone " + anyZone + zone, "route53:ListTagsForResource " + anyZone + zone}
	for _, test := range []struct {
		args properties
		want []string
	}{
		{properties{"name": "example.com"}, append(found, "route53:ListHostedZones *")},
		{properties{"zoneId": zone}, found},
	} {
		r.Asked()
		if _, err := r.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: GetZoneToken, Args: encode(t, test.args)}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(test.want)), r.Asked()); diff != "" {
			t.Errorf("%v (-want +got)\n%s", test.args, diff)
		}
	}
}
