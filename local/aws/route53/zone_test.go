package route53

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

func TestZone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := openPlane(t, dir)
	id, out, err := p.create(t, ZoneToken, "zone", properties{"name": "API.Example.com."})
	if err != nil {
		t.Fatal(err)
	}
	servers := out["nameServers"].([]any)
	if !regexp.MustCompile(`^Z[A-Z0-9]{20}$`).MatchString(id) || len(servers) != 4 {
		t.Errorf("id %s, servers %v", id, servers)
	}
	for _, domain := range []string{".com", ".net", ".org", ".co.uk"} {
		if !slices.ContainsFunc(servers, func(s any) bool { return strings.HasSuffix(s.(string), domain) && serverForm.MatchString(s.(string)) }) {
			t.Errorf("no server ends with %s: %v", domain, servers)
		}
	}
	if !slices.IsSortedFunc(servers, func(a, b any) int { return strings.Compare(a.(string), b.(string)) }) || !slices.Contains(servers, out["primaryNameServer"]) {
		t.Errorf("servers %v, primary %v", servers, out["primaryNameServer"])
	}
	want := properties{
		"name": "api.example.com", "zoneId": id, "arn": "arn:aws:route53:::hostedzone/" + id, "comment": "Managed by Pulumi",
		"forceDestroy": false, "nameServers": out["nameServers"], "primaryNameServer": out["primaryNameServer"], "tagsAll": properties{},
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if err := p.db.Close(); err != nil {
		t.Fatal(err)
	}
	read, err := openPlane(t, dir).aws.Read(t.Context(), &pulumirpc.ReadRequest{Type: ZoneToken, Id: id})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(out, read.Properties.AsMap()); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
}

func TestZoneRefused(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	long := strings.Repeat("a", 63)
	for _, test := range []struct {
		in   properties
		want string
	}{
		{properties{}, "name: is required"},
		{properties{"name": ""}, "name: is required"},
		{properties{"name": "."}, "name: \"\" is not a domain name"},
		{properties{"name": "a..b"}, "its label \"\" must be"},
		{properties{"name": "*.example.com"}, "its label \"*\" must be"},
		{properties{"name": "exam ple.com"}, "its label \"exam ple\" must be"},
		{properties{"name": long + "a.com"}, "a label of 64 characters; at most 63"},
		{properties{"name": strings.Repeat(long+".", 4) + "com"}, "has 259 characters; at most 253"},
		{properties{"name": "example.com", "comment": strings.Repeat("é", 257)}, "comment: has 257 characters; at most 256"},
		{properties{"name": "example.com", "vpcs": []any{properties{"vpcId": "vpc-1"}}}, "vpcs: the local cloud does not know this property"},
		{properties{"name": "example.com", "delegationSetId": "N1"}, "delegationSetId: the local cloud does not know this property"},
	} {
		_, _, err := p.create(t, ZoneToken, "zone", test.in)
		wantFailure(t, test.want, err, test.want)
	}
}

// TestTwoZones creates two zones of one name. Each has its own servers.
func TestTwoZones(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	first, a := p.declareZone(t, "example.com", "one")
	second, b := p.declareZone(t, "example.com", "two")
	if first.ID == second.ID || cmp.Equal(a["nameServers"], b["nameServers"]) {
		t.Errorf("two zones: %v and %v", a, b)
	}
	out, err := p.update(t, ZoneToken, "one", first.ID, properties{"name": "example.com", "comment": ""})
	if err != nil || out["comment"] != "" || !cmp.Equal(out["nameServers"], a["nameServers"]) {
		t.Errorf("updated: %v, %v", out, err)
	}
}

// TestSameName checks that a trailing dot and upper case are no change.
func TestSameName(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	for token, olds := range map[string]properties{ZoneToken: {"name": "example.com"}, RecordToken: {"name": "example.com", "type": "A"}} {
		for name, want := range map[string]pulumirpc.DiffResponse_DiffChanges{
			"Example.com.": pulumirpc.DiffResponse_DIFF_NONE, "example.org": pulumirpc.DiffResponse_DIFF_SOME,
		} {
			news := maps.Clone(olds)
			news["name"] = name
			r, err := p.aws.Diff(t.Context(), &pulumirpc.DiffRequest{Type: token, OldInputs: encode(t, olds), News: encode(t, news)})
			if err != nil || r.Changes != want || len(r.Replaces) > 0 != (name == "example.org") {
				t.Errorf("%s to %s: %v, %v", token, name, r, err)
			}
		}
	}
}

func TestDeleteZone(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	in := properties{"name": "example.com"}
	zone, _ := p.declareZone(t, "example.com")
	kept, _ := p.declareZone(t, "example.org")
	p.declareRecord(t, "kept", record(kept, "www", "A", "192.0.2.1"))
	own := record(zone, "", "NS", "ns.example.net")
	own["allowOverwrite"] = true
	p.declareRecord(t, "own", own)
	id := p.declareRecord(t, "www", record(zone, "www", "A", "192.0.2.1"))
	wantFailure(t, "a zone with records", p.delete(t, ZoneToken, "example.com", zone.ID, in), "HostedZoneNotEmpty", "A www.example.com")
	if _, err := store.Get[Zone](p.db, ZoneToken, zone.ID); err != nil {
		t.Errorf("the refused zone: %v", err)
	}
	if err := p.delete(t, RecordToken, "www", id, record(zone, "www", "A", "192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	if err := p.delete(t, ZoneToken, "example.com", zone.ID, in); err != nil {
		t.Errorf("a zone with its own records: %v", err)
	}
	forced, _ := p.declareZone(t, "example.com")
	in["forceDestroy"] = true
	if _, err := p.update(t, ZoneToken, "example.com", forced.ID, in); err != nil {
		t.Fatal(err)
	}
	p.declareRecord(t, "www", record(forced, "www", "A", "192.0.2.1"))
	if err := p.delete(t, ZoneToken, "example.com", forced.ID, in); err != nil {
		t.Errorf("by force: %v", err)
	}
	left, err := store.List[Record](p.db, RecordToken)
	if err != nil || len(left) != 1 || left[0].Inputs.ZoneID != kept.ID {
		t.Errorf("records left: %v, %v", left, err)
	}
}

func TestGetZone(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	id, out, err := p.create(t, ZoneToken, "zone", properties{"name": "example.com", "tags": properties{"team": "api"}})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := p.zone(account, id)
	if err != nil {
		t.Fatal(err)
	}
	p.declareRecord(t, "www", record(zone, "www", "A", "192.0.2.1"))
	own := record(zone, "", "NS", "ns.example.net")
	own["allowOverwrite"] = true
	p.declareRecord(t, "own", own)
	call := provider.Call{Account: account}
	for _, args := range []properties{{"zoneId": id}, {"name": "Example.com."}, {"name": "example.com", "privateZone": false, "tags": properties{"team": "api"}}} {
		got, err := p.GetZone(call, args)
		if err != nil {
			t.Errorf("%v: %v", args, err)
			continue
		}
		want := properties{
			"arn": out["arn"], "callerReference": got["callerReference"], "comment": "Managed by Pulumi", "id": id, "zoneId": id, "name": "example.com",
			"nameServers": out["nameServers"], "primaryNameServer": out["primaryNameServer"], "privateZone": false, "resourceRecordSetCount": 3.0,
			"tags": properties{"team": "api"}, "vpcId": "", "linkedServicePrincipal": "", "linkedServiceDescription": "",
		}
		if diff := cmp.Diff(want, got); diff != "" || got["callerReference"] == "" {
			t.Errorf("%v (-want +got):\n%s", args, diff)
		}
	}
	_, err = p.GetZone(provider.Call{Account: other}, properties{"zoneId": id})
	wantFailure(t, "another account's zone", err, "NoSuchHostedZone: No hosted zone found with ID: "+id)
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is not store.ErrNotFound: %v", err)
	}
	second, _ := p.declareZone(t, "example.com", "second")
	for _, test := range []struct {
		account string
		args    properties
		want    []string
	}{
		{account, properties{}, []string{"either zoneId or name"}},
		{account, properties{"zoneId": id, "name": "example.com"}, []string{"either zoneId or name"}},
		{account, properties{"name": "example.com", "vpcId": "vpc-1"}, []string{"vpcId: the local cloud does not know this argument"}},
		{account, properties{"zoneId": "Z0"}, []string{"No hosted zone found with ID: Z0"}},
		{account, properties{"name": "example.org"}, []string{"no matching Route 53 Hosted Zone found", "example.org"}},
		{other, properties{"name": "example.com"}, []string{"no matching Route 53 Hosted Zone found", other}},
		{account, properties{"name": "example.com", "privateZone": true}, []string{"no matching Route 53 Hosted Zone found", "public"}},
		{account, properties{"name": "example.com", "tags": properties{"team": "web"}}, []string{"no matching"}},
		{account, properties{"name": "example.com"}, []string{"multiple Route 53 Hosted Zones matched", id, second.ID}},
	} {
		_, err := p.GetZone(provider.Call{Account: test.account}, test.args)
		wantFailure(t, strings.Join(test.want, " "), err, test.want...)
	}
}
