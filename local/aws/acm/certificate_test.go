package acm

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func TestCertificate(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	arn, out := p.request(t, "Example.com", "*.example.com", "api.example.com", "example.com")
	if !regexp.MustCompile(`^arn:aws:acm:eu-west-1:111111111111:certificate/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(arn) {
		t.Errorf("ARN %s", arn)
	}
	options := out["domainValidationOptions"].([]any)
	want := properties{
		"arn": arn, "domainName": "example.com", "domainValidationOptions": options, "keyAlgorithm": "EC_prime256v1", "notAfter": "", "notBefore": "",
		"options": properties{"certificateTransparencyLoggingPreference": "ENABLED"}, "pendingRenewal": false, "renewalEligibility": "INELIGIBLE",
		"renewalSummaries": []any{}, "status": "PENDING_VALIDATION", "subjectAlternativeNames": []any{"example.com", "*.example.com", "api.example.com"},
		"tagsAll": properties{}, "type": "AMAZON_ISSUED", "validationEmails": []any{}, "validationMethod": "DNS",
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	var names []string
	for i, o := range options {
		option := o.(properties)
		names = append(names, option["domainName"].(string))
		base := strings.TrimPrefix(names[i], "*.")
		if !regexp.MustCompile(`^_[0-9a-f]{32}\.`+regexp.QuoteMeta(base)+`\.$`).MatchString(option["resourceRecordName"].(string)) ||
			!regexp.MustCompile(`^_[0-9a-f]{32}\.[a-z]{10}\.acm-validations\.aws\.$`).MatchString(option["resourceRecordValue"].(string)) || option["resourceRecordType"] != "CNAME" {
			t.Errorf("option %v", option)
		}
	}
	if !cmp.Equal(names, []string{"example.com", "*.example.com", "api.example.com"}) {
		t.Errorf("options for %q", names)
	}
	apex, wildcard, api := optionOf(account, "example.com"), optionOf(account, "*.example.com"), optionOf(account, "api.example.com")
	if apex.ResourceRecordName != wildcard.ResourceRecordName || apex.ResourceRecordValue != wildcard.ResourceRecordValue || apex.ResourceRecordValue == api.ResourceRecordValue {
		t.Errorf("options %v, %v and %v", apex, wildcard, api)
	}
	if other := optionOf("222222222222", "example.com"); other.ResourceRecordName == apex.ResourceRecordName {
		t.Error("two accounts share a record")
	}
	again, second := p.request(t, "example.com")
	if again == arn || !cmp.Equal(second["domainValidationOptions"], options[:1]) {
		t.Errorf("requested again: %s, %v", again, second["domainValidationOptions"])
	}
}

func TestCertificateRefused(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	label := strings.Repeat("a", 52)
	var eleven []any
	for _, c := range "abcdefghij" {
		eleven = append(eleven, string(c)+".example.com")
	}
	for _, test := range []struct {
		change properties
		want   string
	}{
		{properties{"domainName": nil}, "domainName: is required"},
		{properties{"domainName": "api.example.com."}, "domainName: \"api.example.com.\" cannot end with a period"},
		{properties{"domainName": label + ".example.comm"}, "has 65 characters; at most 64: a longer name can be in subjectAlternativeNames"},
		{properties{"domainName": "localhost"}, "is not a domain name"},
		{properties{"domainName": "*.com"}, "is not a domain name"},
		{properties{"domainName": "a.*.example.com"}, "is not a domain name"},
		{properties{"domainName": "api_1.example.com"}, "is not a domain name"},
		{properties{"domainName": "-api.example.com"}, "is not a domain name"},
		{properties{"domainName": "https://example.com"}, "is not a domain name"},
		{properties{"subjectAlternativeNames": []any{"a.example.com", "b."}}, "subjectAlternativeNames[1]: \"b.\" cannot end"},
		{properties{"subjectAlternativeNames": []any{strings.Repeat(label+".", 5) + "com"}}, "has 268 characters; at most 253"},
		{properties{"subjectAlternativeNames": eleven}, "subjectAlternativeNames: with domainName there are 11 names; ACM's quota is 10"},
		{properties{"validationMethod": nil}, "validationMethod: is required"},
		{properties{"validationMethod": "EMAIL"}, "validationMethod: \"EMAIL\" is not supported: the local cloud validates by DNS only"},
		{properties{"keyAlgorithm": "RSA_4096"}, "keyAlgorithm: \"RSA_4096\" is none of RSA_2048, EC_prime256v1, EC_secp384r1"},
		{properties{"options": properties{"certificateTransparencyLoggingPreference": "enabled"}}, "is neither ENABLED nor DISABLED"},
		{properties{"options": properties{"export": "ENABLED"}}, "options.export: the local cloud does not know this property"},
		{properties{"privateKey": "PEM"}, "privateKey: the local cloud does not know this property"},
		{properties{"certificateAuthorityArn": "arn"}, "certificateAuthorityArn: the local cloud does not know this property"},
	} {
		in := properties{"domainName": "example.com", "validationMethod": "DNS"}
		for name, value := range test.change {
			if in[name] = value; value == nil {
				delete(in, name)
			}
		}
		_, _, err := p.create(t, CertificateToken, "refused", in)
		wantFailure(t, test.want, err, test.want)
	}
	for i, in := range []properties{
		{"domainName": label + ".example.com", "validationMethod": "DNS", "keyAlgorithm": "EC_secp384r1"}, // 64 characters
		{"domainName": "example.com", "validationMethod": "DNS", "subjectAlternativeNames": append(eleven[:9:9], "Example.com"),
			"options": properties{"certificateTransparencyLoggingPreference": "DISABLED"}},
	} {
		_, out, err := p.create(t, CertificateToken, "taken", in)
		if want := []string{"EC_secp384r1", "RSA_2048"}[i]; err != nil || out["keyAlgorithm"] != want {
			t.Errorf("%v: %v, %v", in, out, err)
		}
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	arn := p.obtain(t, "example.com", "example.com")
	p.use(arn, true)
	if got := p.read(t, CertificateToken, arn)["renewalEligibility"]; got != "ELIGIBLE" {
		t.Errorf("a certificate in use is %v", got)
	}
	wantFailure(t, "in use", p.delete(t, CertificateToken, arn), "ResourceInUseException", arn)
	if _, err := p.TLS(arn); err != nil {
		t.Errorf("after it was not deleted: %v", err)
	}
	p.use(arn, false)
	if err := p.delete(t, CertificateToken, arn); err != nil {
		t.Error(err)
	}
	if _, err := p.TLS(arn); err == nil {
		t.Error("after it was deleted it is served with")
	}
	held, err := p.db.Count()
	if err != nil || held[CertificateToken]+held[issuedToken] > 0 {
		t.Errorf("held after it was deleted: %v, %v", held, err)
	}
}

// TestUpdate checks that tags and options change in place and the issued
// certificate stays.
func TestUpdate(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	arn := p.obtain(t, "example.com", "example.com")
	before, err := p.TLS(arn)
	if err != nil {
		t.Fatal(err)
	}
	in := properties{"domainName": "example.com", "validationMethod": "DNS", "keyAlgorithm": "EC_prime256v1", "tags": properties{"team": "api"},
		"options": properties{"certificateTransparencyLoggingPreference": "DISABLED"}}
	r, err := p.aws.Update(t.Context(), &pulumirpc.UpdateRequest{Type: CertificateToken, Id: arn, News: encode(t, in)})
	if err != nil {
		t.Fatal(err)
	}
	out := r.Properties.AsMap()
	if out["status"] != "ISSUED" || !cmp.Equal(out["tagsAll"], any(properties{"team": "api"})) || !cmp.Equal(out["options"], in["options"]) {
		t.Errorf("updated to %v", out)
	}
	if after, err := p.TLS(arn); err != nil || after != before {
		t.Errorf("another certificate after the update: %v", err)
	}
}
