package acm

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"skiff/local/aws/route53"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

func TestValidation(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	zone, _ := p.zone(t, "example.com")
	arn, out := p.request(t, "example.com", "*.example.com", "api.example.com")
	p.prove(t, zone, out)
	var fqdns []any
	for _, o := range out["domainValidationOptions"].([]any) {
		fqdns = append(fqdns, strings.ToUpper(o.(properties)["resourceRecordName"].(string)))
	}
	in := properties{"certificateArn": arn, "validationRecordFqdns": append(fqdns, "other.example.com")}
	id, validated := p.declare(t, ValidationToken, "validation", in)
	if id == "" || validated["certificateArn"] != arn {
		t.Errorf("validation %s: %v", id, validated)
	}
	issued := p.read(t, CertificateToken, arn)
	from, err := time.Parse(time.RFC3339, issued["notBefore"].(string))
	to, err2 := time.Parse(time.RFC3339, issued["notAfter"].(string))
	if issued["status"] != "ISSUED" || err != nil || err2 != nil || to.Sub(from) != lifetime+time.Hour || issued["renewalEligibility"] != "INELIGIBLE" {
		t.Errorf("issued: %v", issued)
	}
	p.declare(t, ValidationToken, "second", properties{"certificateArn": arn})
	in["validationRecordFqdns"] = fqdns[:2]
	_, _, err = p.create(t, ValidationToken, "partial", in)
	api := optionOf(account, "api.example.com").ResourceRecordName
	wantFailure(t, "records of some names", err, "missing api.example.com DNS validation record: "+strings.TrimSuffix(api, "."))
}

func TestMissing(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	apex := optionOf(account, "example.com")
	record, value := strings.TrimSuffix(apex.ResourceRecordName, "."), strings.TrimSuffix(apex.ResourceRecordValue, ".")
	arn, out := p.request(t, "example.com", "a.api.example.com")
	in := properties{"certificateArn": arn}
	const timeout = "timeout while waiting for state to become 'ISSUED' (last state: 'PENDING_VALIDATION', timeout: 100ms): "
	_, _, err := p.create(t, ValidationToken, "validation", in)
	wantFailure(t, "no zone", err, "ACM Certificate ("+arn+")", timeout+"example.com: there is no hosted zone for "+record+":", "; a.api.example.com: there is no hosted zone")
	zone, _ := p.zone(t, "example.com")
	_, _, err = p.create(t, ValidationToken, "validation", in)
	wantFailure(t, "no record", err, timeout+"example.com: the zone example.com ("+zone+") has no CNAME record "+record+" with the value "+value)
	child, servers := p.zone(t, "api.example.com")
	wrong := p.record(t, zone, record, "CNAME", "_wrong.acm-validations.aws")
	_, _, err = p.create(t, ValidationToken, "validation", in)
	wantFailure(t, "another value", err, "has no CNAME record "+record+" with the value "+value)
	if err := p.delete(t, route53.RecordToken, wrong); err != nil {
		t.Fatal(err)
	}
	p.record(t, zone, record, "CNAME", value)
	last := out["domainValidationOptions"].([]any)[1].(properties)
	p.record(t, child, last["resourceRecordName"].(string), "CNAME", last["resourceRecordValue"])
	_, _, err = p.create(t, ValidationToken, "validation", in)
	wantFailure(t, "no delegation", err, timeout+"a.api.example.com: the zone api.example.com is not delegated: the zone example.com has no NS records api.example.com", servers[0].(string))
	if got := p.read(t, CertificateToken, arn)["status"]; got != "PENDING_VALIDATION" {
		t.Errorf("status %v", got)
	}
	p.record(t, zone, "api", "NS", servers...)
	if _, _, err = p.create(t, ValidationToken, "validation", in); err != nil {
		t.Errorf("with all records: %v", err)
	}
}

// validate runs a validation with its own limit and log.
func (p *plane) validate(ctx context.Context, arn string, log func(string)) error {
	_, kind := resourceTypes(p.Certificates)
	return kind.Create(ctx, provider.Call{Account: account, Region: region, Log: log}, &store.Record[Validation]{Inputs: Validation{CertificateARN: arn}})
}

// TestLate checks that a record created during the wait ends the wait.
func TestLate(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	zone, _ := p.zone(t, "example.com")
	arn, out := p.request(t, "example.com")
	p.o.Wait = time.Nanosecond // the engine's limit applies, not this one
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	lines, done := make(chan string, 10), make(chan error, 1)
	go func() { done <- p.validate(ctx, arn, func(line string) { lines <- line }) }()
	select {
	case line := <-lines:
		if !strings.HasPrefix(line, "waiting: example.com: the zone example.com ("+zone+") has no CNAME record") {
			t.Errorf("line %q", line)
		}
	case err := <-done:
		t.Fatalf("it does not wait: %v", err)
	}
	p.zone(t, "example.org") // a change that does not help is not logged
	p.prove(t, zone, out)
	if err := <-done; err != nil || len(lines) > 0 {
		t.Errorf("%v, and %d lines", err, len(lines))
	}
}

func TestCanceled(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	arn, _ := p.request(t, "example.com")
	ctx, cancel := context.WithCancel(t.Context())
	err := p.Certificates.await(ctx, provider.Call{Log: func(string) { cancel() }}, store.Record[Certificate]{ID: arn})
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "timeout") {
		t.Errorf("error %v", err)
	}
	cancel()
	began := time.Now()
	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	p.o.Wait = time.Hour
	wantFailure(t, "the engine's limit", p.validate(ctx, arn, nil), "timeout while waiting")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = p.validate(ctx, arn, func(string) {
		if err := p.delete(t, CertificateToken, arn); err != nil {
			t.Error(err)
		}
	})
	wantFailure(t, "deleted while it waits", err, "ResourceNotFoundException: Could not find certificate "+arn)
}

func TestForeign(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	arn := p.obtain(t, "example.com", "example.com")
	_, kind := resourceTypes(p.Certificates)
	for _, call := range []provider.Call{{Account: "222222222222", Region: region}, {Account: account, Region: "us-east-1"}} {
		err := kind.Create(t.Context(), call, &store.Record[Validation]{Inputs: Validation{CertificateARN: arn}})
		wantFailure(t, call.Account+" "+call.Region, err, "ResourceNotFoundException", call.Account, call.Region)
	}
	_, _, err := p.create(t, ValidationToken, "none", properties{"certificateArn": arn + "0"})
	wantFailure(t, "no certificate", err, "ResourceNotFoundException: Could not find certificate "+arn+"0")
	_, _, err = p.create(t, ValidationToken, "none", properties{})
	wantFailure(t, "no ARN", err, "certificateArn: is required")
}

func TestTimedOut(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	zone, _ := p.zone(t, "example.com")
	arn, out := p.request(t, "example.com")
	p.prove(t, zone, out)
	p.pass(validationPeriod + time.Hour)
	if got := p.read(t, CertificateToken, arn)["status"]; got != "VALIDATION_TIMED_OUT" {
		t.Errorf("status %v", got)
	}
	_, _, err := p.create(t, ValidationToken, "validation", properties{"certificateArn": arn})
	wantFailure(t, "after three days", err, arn+" is VALIDATION_TIMED_OUT: replace it")
}

func TestCAA(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		apex, api []any // the values of CAA records
		domain    string
		refused   string // the name whose records refuse
	}{
		"none":              {nil, nil, "api.example.com", ""},
		"amazon":            {[]any{`0 issue "letsencrypt.org"`, `0 issue "Amazon.com; account=1"`}, nil, "api.example.com", ""},
		"another":           {[]any{`0 issue "letsencrypt.org"`}, nil, "api.example.com", "example.com"},
		"no authority":      {[]any{`0 issue ";"`}, nil, "api.example.com", "example.com"},
		"only reports":      {[]any{`0 iodef "mailto:a@example.com"`}, nil, "api.example.com", ""},
		"the nearest":       {[]any{`0 issue "letsencrypt.org"`}, []any{`0 issue "awstrust.com"`}, "api.example.com", ""},
		"the nearest not":   {[]any{`0 issue "amazon.com"`}, []any{`0 ISSUE "letsencrypt.org"`}, "api.example.com", "api.example.com"},
		"wildcards not":     {[]any{`0 issue "amazon.com"`, `0 issuewild ";"`}, nil, "*.example.com", "example.com"},
		"but this one":      {[]any{`0 issue "amazon.com"`, `0 issuewild ";"`}, nil, "api.example.com", ""},
		"wildcards as all":  {[]any{`0 issue "letsencrypt.org"`}, nil, "*.example.com", "example.com"},
		"wildcards amazon":  {[]any{`0 issue ";"`, `0 issuewild "amazonaws.com"`}, nil, "*.example.com", ""},
		"the parent domain": {[]any{`0 issue "amazon.com.evil.test"`}, nil, "api.example.com", "example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlane(t)
			zone, _ := p.zone(t, "example.com")
			for at, values := range map[string][]any{"": test.apex, "api": test.api} {
				if values != nil {
					p.record(t, zone, at, "CAA", values...)
				}
			}
			arn, out := p.request(t, test.domain)
			p.prove(t, zone, out)
			_, _, err := p.create(t, ValidationToken, "validation", properties{"certificateArn": arn})
			if test.refused == "" && err != nil {
				t.Error(err)
			}
			if test.refused != "" {
				wantFailure(t, name, err, "CAA_ERROR: the CAA records of "+test.refused+" do not let Amazon issue a certificate for "+test.domain)
			}
		})
	}
}
