package route53

import (
	"strings"
	"testing"

	"skiff/local/store"
)

func TestRecordName(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	zone, _ := p.declareZone(t, "Example.com.")
	for _, test := range []struct{ name, id, fqdn string }{
		{"", "_", "example.com"},
		{"www", "_www", "www.example.com"},
		{"API.Example.com.", "_api.example.com", "api.example.com"},
		{"a.b", "_a.b", "a.b.example.com"},
		{"*", "_*", "*.example.com"},
		{"_x.www", "__x.www", "_x.www.example.com"},
	} {
		id, out, err := p.create(t, RecordToken, test.name, record(zone, test.name, "TXT", "text"))
		if err != nil {
			t.Errorf("%q: %v", test.name, err)
			continue
		}
		if id != zone.ID+test.id+"_TXT" || out["fqdn"] != test.fqdn || out["name"] != normal(test.name) || out["allowOverwrite"] != false {
			t.Errorf("%q: id %s, outputs %v", test.name, id, out)
		}
	}
	_, _, err := p.create(t, RecordToken, "whole", record(zone, "www.example.com.", "TXT", "text"))
	wantFailure(t, "an existing name in another form", err, "already exists", "www.example.com.")
}

func TestRecordRefused(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	zone, _ := p.declareZone(t, "example.com")
	foreign, _ := p.declareZone(t, "example.org")
	foreign.Account = other
	if err := store.Put(p.db, ZoneToken, foreign.ID, foreign); err != nil {
		t.Fatal(err)
	}
	p.declareRecord(t, "www", record(zone, "www", "A", "192.0.2.1"))
	p.declareRecord(t, "blog", record(zone, "blog", "CNAME", "www.example.com"))
	with := func(in properties, name string, value any) properties {
		if in[name] = value; value == nil {
			delete(in, name)
		}
		return in
	}
	gateway := "d-abc123.execute-api.eu-west-1.amazonaws.com"
	for _, test := range []struct {
		in   properties
		want string
	}{
		{record(store.Record[Zone]{ID: "Z0"}, "a", "A", "192.0.2.1"), "NoSuchHostedZone: No hosted zone found with ID: Z0"},
		{record(foreign, "a", "A", "192.0.2.1"), "NoSuchHostedZone"},
		{with(record(zone, "a", "A", "192.0.2.1"), "zoneId", "zone"), "zoneId: \"zone\" is not the id"},
		{with(record(zone, "a", "A", "192.0.2.1"), "type", nil), "type: is required"},
		{record(zone, "a", "a", "192.0.2.1"), "type: \"a\" is none of A, AAAA"},
		{record(zone, "a..b", "A", "192.0.2.1"), "name: \"a..b\" is not a domain name"},
		{record(zone, "a.*", "A", "192.0.2.1"), "its label \"*\""},
		{record(zone, strings.Repeat("a.", 122), "A", "192.0.2.1"), "InvalidChangeBatch: the record name"},
		{with(record(zone, "a", "A", "192.0.2.1"), "ttl", -1), "ttl: -1 is not within 0 to 2147483647"},
		{with(record(zone, "a", "A", "192.0.2.1"), "ttl", 1<<31), "ttl: 2147483648"},
		{with(record(zone, "a", "A", "192.0.2.1"), "ttl", nil), "needs ttl with records"},
		{with(record(zone, "a", "A"), "records", nil), "needs either records or aliases"},
		{with(alias(zone, "a", "A", gateway, "Z1"), "ttl", 60), "aliases: cannot be combined with records and ttl"},
		{with(alias(zone, "a", "A", gateway, "Z1"), "records", []any{"192.0.2.1"}), "aliases: cannot be combined with records"},
		{with(alias(zone, "a", "A", gateway, "Z1"), "aliases", []any{properties{"name": gateway}}), "aliases[0].zoneId: is required"},
		{with(alias(zone, "a", "A", gateway, "Z1"), "aliases", append(alias(zone, "a", "A", gateway, "Z1")["aliases"].([]any), alias(zone, "a", "A", gateway, "Z1")["aliases"].([]any)...)), "aliases: there are 2"},
		{alias(zone, "a", "A", "example.cloudfront.net", "Z2FDTNDATAQYW2"), "the local cloud supports A and AAAA aliases"},
		{alias(zone, "a", "TXT", gateway, "Z1"), "the local cloud supports A and AAAA aliases"},
		{alias(zone, "a", "A", "absent.example.com", zone.ID), "alias that targets absent.example.com., type A in zone " + zone.ID + ", but that target was not found"},
		{alias(zone, "a", "AAAA", "www.example.com", zone.ID), "target was not found"},
		{with(alias(zone, "www.example.com", "A", "www.example.com", zone.ID), "allowOverwrite", true), "target was not found"},
		{alias(zone, "a", "NS", "example.com", zone.ID), "the record a.example.com of type NS cannot be an alias"},
		{record(zone, "myexample.com", "A", "192.0.2.1"), "RRSet with DNS name myexample.com. is not permitted in zone example.com."},
		{record(zone, "", "CNAME", "www.example.org"), "RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com."},
		{record(zone, "www", "CNAME", "www.example.org"), "RRSet of type CNAME with DNS name www.example.com. is not permitted as it conflicts"},
		{record(zone, "blog", "TXT", "text"), "because a conflicting RRSet of type CNAME"},
		{record(zone, "www.example.com", "A", "192.0.2.2"), "Tried to create resource record set [name='www.example.com.', type='A'] but it already exists"},
		{record(zone, "www", "A", "192.0.2.2"), "already exists"},
		{record(zone, "example.com", "NS", "ns.example.org"), "[name='example.com.', type='NS'] but it already exists"},
		{record(zone, "", "SOA", "ns.example.org. h.example.org. 1 2 3 4 5"), "type='SOA'] but it already exists"},
		{record(zone, "a", "SOA", "ns.example.org. h.example.org. 1 2 3 4 5"), "only permitted at apex"},
		{with(record(zone, "a", "A", "192.0.2.1"), "weightedRoutingPolicies", []any{properties{"weight": 1}}), "weightedRoutingPolicies: the local cloud does not know this property"},
		{with(record(zone, "a", "A", "192.0.2.1"), "setIdentifier", "blue"), "setIdentifier: the local cloud does not know this property"},
		{with(record(zone, "a", "A", "192.0.2.1"), "healthCheckId", "h"), "healthCheckId: the local cloud does not know this property"},
	} {
		_, _, err := p.create(t, RecordToken, "refused", test.in)
		wantFailure(t, test.want, err, test.want)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 255)
	for _, test := range []struct{ recordType, value, want string }{
		{"", "anything", ""},
		{"A", "192.0.2.1", ""}, {"A", "192.0.2.256", "not an IPv4 address"}, {"A", "2001:db8::1", "not an IPv4 address"}, {"A", "", "not an IPv4 address"},
		{"AAAA", "2001:db8::1", ""}, {"AAAA", "192.0.2.1", "not an IPv6 address"}, {"AAAA", "fe80::1%eth0", "not an IPv6 address"},
		{"CNAME", "www.example.com.", ""}, {"CNAME", "_x.acm-validations.aws", ""}, {"CNAME", "https://example.com", "is not a domain name"}, {"CNAME", "", "is not a domain name"},
		{"CNAME", "@", "is not a domain name"}, {"CNAME", "a b", "is not a domain name"},
		{"NS", "ns-1.awsdns-01.co.uk", ""}, {"NS", "192.0.2.1 ns", "is not a domain name"},
		{"TXT", "v=spf1 -all", ""}, {"TXT", `a \"quoted\" word`, ""}, {"TXT", `first""second`, ""}, {"TXT", `first" "second`, ""},
		{"TXT", `"quoted"`, "contains a quotation mark"},
		{"TXT", `a"b`, "contains a quotation mark"}, {"TXT", `a\`, "contains a quotation mark"},
		{"TXT", long, ""}, {"TXT", long + "a", "a string of 256 characters"}, {"TXT", long + `""` + long, ""},
		{"TXT", strings.Repeat(long+`""`, 16), "at most 4000"}, {"TXT", "a\nb", "control character"},
		{"MX", "10 mail.example.com", ""}, {"MX", "mail.example.com", "a priority"}, {"MX", "65536 mail.example.com", "a priority"}, {"MX", "10", "a priority"},
		{"CAA", `0 issue "amazon.com"`, ""}, {"CAA", `0 issue amazon.com`, "quoted value"}, {"CAA", `256 issue "amazon.com"`, "at most 255"},
		{"SRV", "1 2 3 host.example.com", ""}, {"SRV", "1 2 host.example.com", "is not the value of a SRV record"},
		{"DS", "12345 8 2 " + strings.Repeat("ab", 32), ""}, {"DS", "ds", "is not the value of a DS record"},
		{"SOA", "ns.example.com. h.example.com. 1 2 3 4 5", ""}, {"SOA", "ns.example.com.", "is not the value of a SOA record"},
	} {
		got := valueProblem(test.recordType, test.value)
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s %q: %q, want %q", test.recordType, test.value, got, test.want)
		}
	}
	for _, problem := range checkRecord(Record{Type: "CNAME", Records: []string{"a.example", "b.example"}}) {
		if problem.Property != "records" || !strings.Contains(problem.Reason, "there are 2") {
			t.Errorf("two CNAME values: %v", problem)
		}
	}
}

// TestOverwrite checks that a record with allowOverwrite replaces an existing
// one, and that it can replace itself.
func TestOverwrite(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	zone, _ := p.declareZone(t, "example.com")
	in := record(zone, "www", "A", "192.0.2.1")
	id := p.declareRecord(t, "www", in)
	if again := p.declareRecord(t, "www", in); again != id {
		t.Errorf("made again after a crash: %s, then %s", id, again)
	}
	in["type"], in["records"] = "CNAME", []any{"www.example.org"}
	if _, err := p.update(t, RecordToken, "www", id, in); err != nil {
		t.Errorf("another type: %v", err)
	}
	if got := p.Lookup("www.example.com", "CNAME"); len(got) != 1 || got[0] != "www.example.org" {
		t.Errorf("after its type changed, www is %v", got)
	}
	over := record(zone, "www.example.com", "CNAME", "www.example.net")
	over["allowOverwrite"] = true
	p.declareRecord(t, "over", over)
	if got := p.Lookup("www.example.com", "CNAME"); len(got) != 1 || got[0] != "www.example.net" {
		t.Errorf("overwritten, www is %v", got)
	}
	if err := p.delete(t, RecordToken, "www", id, in); err != nil {
		t.Errorf("the overwritten one is deleted: %v", err)
	}
	if _, _, err := p.create(t, RecordToken, "same id", over); err != nil {
		t.Errorf("another resource of the same id: %v", err)
	}
	own := record(zone, "", "NS", "ns.example.net", "NS.example.net.")
	own["allowOverwrite"] = true
	ownID := p.declareRecord(t, "own", own)
	if _, err := p.update(t, RecordToken, "own", ownID, own); err != nil {
		t.Errorf("its own NS records updated: %v", err)
	}
	wantFailure(t, "its own NS records", p.delete(t, RecordToken, "own", ownID, own), "InvalidChangeBatch: A HostedZone must contain its own NS record")
}
