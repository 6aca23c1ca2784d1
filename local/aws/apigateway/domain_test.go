package apigateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// domainOf returns a valid domain name.
func domainOf(name string) DomainInputs {
	return DomainInputs{DomainName: name, Configuration: &DomainSettings{CertificateARN: certificateARN(name), EndpointType: "REGIONAL", SecurityPolicy: "TLS_1_2"}}
}

func (p *plane) declareDomain(t *testing.T, name string) {
	t.Helper()
	must(t, declare(t, p, domains(p.APIs), name, "", domainOf(name)))
}

func TestCheckDomain(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"api.example.com": true, "*.example.com": true, "xn--bcher-kva.example": true, "a.b.c.d": true,
		"API.example.com": false, "api.example.com.": false, "example": false, "a..b": false, "-a.example.com": false, "a_b.example.com": false,
		"a.*.example.com": false, "https://api.example.com": false, "api.example.com:443": false, strings.Repeat("a", 64) + ".example.com": false,
		strings.Repeat("abcdefg.", 32) + "example": false,
	} {
		want := "domainName"
		if good {
			want = ""
		}
		wantProblem(t, name, checkDomain(domainOf(name)), want)
	}
	change := func(change func(*DomainSettings)) []provider.Problem {
		in := domainOf("api.example.com")
		change(in.Configuration)
		return checkDomain(in)
	}
	wantProblem(t, "edge", change(func(c *DomainSettings) { c.EndpointType = "EDGE" }), "domainNameConfiguration.endpointType")
	wantProblem(t, "old TLS", change(func(c *DomainSettings) { c.SecurityPolicy = "TLS_1_0" }), "domainNameConfiguration.securityPolicy")
	wantProblem(t, "addresses", change(func(c *DomainSettings) { c.IPAddressType = "both" }), "domainNameConfiguration.ipAddressType")
	wantProblem(t, "dual stack", change(func(c *DomainSettings) { c.IPAddressType = "dualstack" }), "")
	wantProblem(t, "not known yet", checkDomain(DomainInputs{}), "")
}

func TestDomainOutputs(t *testing.T) {
	t.Parallel()
	r := store.Record[DomainInputs]{ID: "api.example.com", Account: "111111111111", Region: "eu-west-1", Inputs: domainOf("api.example.com")}
	out := describeDomain(r)
	if out.ARN != "arn:aws:apigateway:eu-west-1::/domainnames/api.example.com" || out.Configuration.CertificateARN != certificateARN("api.example.com") ||
		out.Configuration.EndpointType != "REGIONAL" || out.Configuration.IPAddressType != "ipv4" || out.Configuration.HostedZoneID != "ZLY8HYME6SFDD" {
		t.Errorf("described as %+v", out)
	}
	form := regexp.MustCompile(`^d-[a-z0-9]{10}\.execute-api\.eu-west-1\.amazonaws\.com$`)
	if !form.MatchString(out.Configuration.TargetDomainName) || describeDomain(r) != out {
		t.Errorf("target %s", out.Configuration.TargetDomainName)
	}
	r.ID, r.Region = "b.example.com", "mars-1"
	if other := describeDomain(r); other.Configuration.TargetDomainName == out.Configuration.TargetDomainName || !regexp.MustCompile(`^Z0[A-Z0-9]{12}$`).MatchString(other.Configuration.HostedZoneID) {
		t.Errorf("another is described as %+v", other)
	}
}

func TestDomainReferences(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	p.declareSocket(t, "sock")
	for _, name := range []string{"prod", "test"} {
		must(t, declare(t, p, stages(p.APIs), name, "", StageInputs{APIID: "a", Name: name, AutoDeploy: true}))
	}
	foreign := domainOf("api.example.com")
	foreign.Configuration.CertificateARN = certificateARN("other.example.com")
	wantFailure(t, "another name's certificate", declare(t, p, domains(p.APIs), "api.example.com", "", foreign), "BadRequestException: domain name api.example.com: certificate")
	wantFailure(t, "no settings", declare(t, p, domains(p.APIs), "x.example.com", "", DomainInputs{DomainName: "x.example.com"}), "has no configuration")
	bare := NewAPIs(p.db, gatewayURL, Root{}, nil)
	wantFailure(t, "no certificates", bare.checkCertificate(&store.Record[DomainInputs]{ID: "x.example.com", Inputs: domainOf("x.example.com")}), "there are no certificates")
	p.declareDomain(t, "api.example.com")
	p.declareDomain(t, "ws.example.com")

	mapping := func(id, urn, domain, api, stage, key string) error {
		return declare(t, p, mappings(p.APIs), id, urn, MappingInputs{APIID: api, DomainName: domain, Stage: stage, Key: key})
	}
	wantFailure(t, "no domain name", mapping("x", "", "none.example.com", "a", "prod", ""), "NotFoundException: domain name none.example.com")
	wantFailure(t, "no API", mapping("x", "", "api.example.com", "none", "prod", ""), "NotFoundException: API none")
	wantFailure(t, "no stage", mapping("x", "", "api.example.com", "a", "live", ""), "BadRequestException: stage live of API a")
	must(t, mapping("m", "urn:m", "api.example.com", "a", "prod", "v1"))
	must(t, mapping("n", "urn:n", "api.example.com", "a", "test", ""))
	must(t, mapping("w", "urn:w", "ws.example.com", "sock", "live", ""))
	wantFailure(t, "key twice", mapping("x", "urn:x", "api.example.com", "a", "test", "v1"), `ConflictException: domain name api.example.com has a mapping of "v1" already, to stage prod of API a`)
	wantFailure(t, "a socket among HTTP APIs", mapping("x", "urn:x", "api.example.com", "sock", "live", "ws"), "a WebSocket API and an HTTP API cannot share one")
	wantFailure(t, "an HTTP API among sockets", mapping("x", "urn:x", "ws.example.com", "a", "prod", "v1"), "a WebSocket API and an HTTP API cannot share one")

	// A record that a crash has left of this resource is replaced.
	must(t, mapping("again", "urn:m", "api.example.com", "a", "prod", "v1"))
	if _, err := store.Get[MappingInputs](p.db, MappingToken, "m"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the record of the crash is still there: %v", err)
	}
	// An update may keep its key.
	r, err := store.Get[MappingInputs](p.db, MappingToken, "again")
	must(t, err)
	must(t, mappings(p.APIs).Update(t.Context(), provider.Call{}, r, &r))
	r.Inputs.Key = ""
	wantFailure(t, "update to another's key", mappings(p.APIs).Update(t.Context(), provider.Call{}, r, &r), "ConflictException")

	const mapped = "please remove all API mappings related to it: api.example.com/"
	domain, err := store.Get[DomainInputs](p.db, DomainToken, "api.example.com")
	must(t, err)
	wantFailure(t, "domain name with mappings", domains(p.APIs).Delete(t.Context(), provider.Call{}, domain), "BadRequestException: deleting domain name api.example.com failed; "+mapped)
	stage, err := store.Get[StageInputs](p.db, StageToken, "a/prod")
	must(t, err)
	wantFailure(t, "stage with a mapping", stages(p.APIs).Delete(t.Context(), provider.Call{}, stage), "deleting stage prod failed; "+mapped+"v1")
	api, err := p.api("a")
	must(t, err)
	wantFailure(t, "API with mappings", p.deleteAPI(t.Context(), provider.Call{}, api), "deleting API a failed; "+mapped)
	for _, id := range []string{"again", "n"} {
		must(t, store.Delete(p.db, MappingToken, id))
	}
	must(t, domains(p.APIs).Delete(t.Context(), provider.Call{}, domain))
	must(t, stages(p.APIs).Delete(t.Context(), provider.Call{}, stage))
	must(t, p.deleteAPI(t.Context(), provider.Call{}, api))
}

// TestReplacedMapping checks that a new mapping is refused while the replaced
// one still has its key. On AWS a domain name has each key only once
// (https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname-apimappings.html).
func TestReplacedMapping(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareDomain(t, "api.example.com")
	for _, api := range []string{"a", "b"} {
		p.declareAPI(t, api)
		must(t, declare(t, p, stages(p.APIs), "prod", "", StageInputs{APIID: api, Name: "prod", AutoDeploy: true}))
	}
	in := MappingInputs{APIID: "a", DomainName: "api.example.com", Stage: "prod", Key: "v1"}
	must(t, declare(t, p, mappings(p.APIs), "old", "urn:m", in))
	in.APIID = "b"
	wantFailure(t, "to another API", declare(t, p, mappings(p.APIs), "new", "urn:m", in), `ConflictException: domain name api.example.com has a mapping of "v1" already, to stage prod of API a`)
	if _, err := store.Get[MappingInputs](p.db, MappingToken, "old"); err != nil {
		t.Errorf("the old mapping: %v", err)
	}
	must(t, store.Delete(p.db, MappingToken, "old"))
	must(t, declare(t, p, mappings(p.APIs), "new", "urn:m", in))
}

func TestCheckMapping(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"": "", "v1": "", "orders/v2/items": "", "$-_.+!*'()": "", strings.Repeat("a", 300): "",
		strings.Repeat("a", 301): "apiMappingKey", "/v1": "apiMappingKey", "v1/": "apiMappingKey", "a//b": "apiMappingKey",
		"a b": "apiMappingKey", "é": "apiMappingKey", "a%20b": "apiMappingKey", "a?b": "apiMappingKey",
	} {
		wantProblem(t, key, checkMapping(MappingInputs{Key: key}, "HTTP"), want)
	}
	wantProblem(t, "levels of a socket", checkMapping(MappingInputs{Key: "a/b"}, "WEBSOCKET"), "apiMappingKey")
	wantProblem(t, "one level of a socket", checkMapping(MappingInputs{Key: "a"}, "WEBSOCKET"), "")
}

func TestMappingQuota(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	must(t, declare(t, p, stages(p.APIs), "prod", "", StageInputs{APIID: "a", Name: "prod", AutoDeploy: true}))
	p.declareDomain(t, "api.example.com")
	mapping := func(key string) error {
		return declare(t, p, mappings(p.APIs), key, key, MappingInputs{APIID: "a", DomainName: "api.example.com", Stage: "prod", Key: key})
	}
	must(t, mapping("v1"))
	for n := range 200 {
		must(t, store.Put(p.db, MappingToken, fmt.Sprint(n), store.Record[MappingInputs]{ID: fmt.Sprint(n), Inputs: MappingInputs{APIID: "a", DomainName: "api.example.com", Stage: "prod", Key: fmt.Sprint("a/", n)}}))
	}
	wantFailure(t, "one more", mapping("a/x"), "LimitExceededException: domain name api.example.com has 200 mappings of several levels")
	must(t, mapping("v2"))
}

// TestMappedRequests uses the example of
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html
// and more.
func TestMappedRequests(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	keys := map[string]string{"a1": "", "a2": "orders/v1/items", "a3": "orders/v2/items", "a4": "orders/v2/items/categories"}
	p.declareDomain(t, "api.example.com")
	p.declareDomain(t, "*.wild.example.com")
	p.declareDomain(t, "some.wild.example.com")
	for id, key := range keys {
		p.declareAPI(t, id)
		for _, name := range []string{"prod", "other"} {
			must(t, declare(t, p, stages(p.APIs), name, "", StageInputs{APIID: id, Name: name, AutoDeploy: true}))
		}
		must(t, declare(t, p, mappings(p.APIs), id, id, MappingInputs{APIID: id, DomainName: "api.example.com", Stage: "prod", Key: key}))
	}
	must(t, declare(t, p, mappings(p.APIs), "w", "w", MappingInputs{APIID: "a1", DomainName: "*.wild.example.com", Stage: "other", Key: "v!1"}))
	must(t, declare(t, p, mappings(p.APIs), "v", "v", MappingInputs{APIID: "a2", DomainName: "some.wild.example.com", Stage: "other", Key: "v1"}))
	for _, test := range []struct{ host, target, api, base, path string }{
		{"api.example.com", "/orders/v1/items", "a2", "/orders/v1/items", "/"},
		{"api.example.com", "/orders/v2/items", "a3", "/orders/v2/items", "/"},
		{"api.example.com", "/orders/v1/items/123", "a2", "/orders/v1/items", "/123"},
		{"api.example.com", "/orders/v2/items/categories/5", "a4", "/orders/v2/items/categories", "/5"},
		{"api.example.com", "/customers", "a1", "", "/customers"},

		{"API.Example.COM.:8443", "/orders/v1/items/", "a2", "/orders/v1/items", "/"},
		{"api.example.com", "/", "a1", "", "/"},
		{"api.example.com", "/orders/v1/itemsx", "a1", "", "/orders/v1/itemsx"},
		{"api.example.com", "/orders/v1", "a1", "", "/orders/v1"},
		{"api.example.com", "/orders%2Fv1/items", "a1", "", "/orders%2Fv1/items"},
		{"api.example.com", "/orders/v1/%69tems/a%2Fb", "a2", "/orders/v1/%69tems", "/a%2Fb"},
		{"api.example.com", "/_apis/a2/prod/items", "a1", "", "/_apis/a2/prod/items"},
		{"api.example.com", "/prod/items", "a1", "", "/prod/items"}, // the stage is not in the path
		{"any.wild.example.com", "/v%211/items", "a1", "/v%211", "/items"},
		{"any.wild.example.com", "/items", "", "", ""},
		{"some.wild.example.com", "/v1/items", "a2", "/v1", "/items"},
		{"some.wild.example.com", "/v%211/items", "", "", ""},
		{"deep.any.wild.example.com", "/items", "foreign", "", ""},
		{"unknown.example.com", "/items", "foreign", "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, test.target, nil)
		r.Host = test.host
		found, err := p.FindHTTP(r)
		switch {
		case test.api == "":
			if !errors.Is(err, httpapi.ErrForbidden) {
				t.Errorf("%s on %s: %+v, %v; want %v", test.target, test.host, found, err, httpapi.ErrForbidden)
			}
			continue
		case test.api == "foreign":
			if !errors.Is(err, httpapi.ErrHost) {
				t.Errorf("%s on %s: %+v, %v; want %v", test.target, test.host, found, err, httpapi.ErrHost)
			}
			continue
		case err != nil:
			t.Errorf("%s on %s: %v", test.target, test.host, err)
			continue
		}
		stage, path := found.Stage()
		want := map[bool]string{true: "other", false: "prod"}[strings.Contains(test.host, "wild")]
		if stage.APIID != test.api || stage.Name != want || found.Base != test.base || path != test.path || found.Path != test.target || found.Host != hostName(test.host) {
			t.Errorf("%s on %s: stage %s of %s, %+v, path %s", test.target, test.host, stage.Name, stage.APIID, found, path)
		}
	}
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	hello := func(name string) *tls.ClientHelloInfo { return &tls.ClientHelloInfo{ServerName: name} }
	_, err := p.Certificate(hello("api.example.com"))
	wantFailure(t, "no domain names", err, `there is no domain name "api.example.com" with a certificate; the domain names are: none`)
	p.declareDomain(t, "api.example.com")
	p.declareDomain(t, "*.wild.example.com")
	api, wild := &tls.Certificate{}, &tls.Certificate{}
	p.certificates = certificates{certificateARN("api.example.com"): api, certificateARN("*.wild.example.com"): wild}
	for name, want := range map[string]*tls.Certificate{"api.example.com": api, "API.example.com": api, "a.wild.example.com": wild} {
		if got, err := p.Certificate(hello(name)); err != nil || got != want {
			t.Errorf("%s: %p, %v", name, got, err)
		}
	}
	_, err = p.Certificate(hello(""))
	wantFailure(t, "no name", err, "the domain names are: *.wild.example.com, api.example.com")
	p.certificates = certificates{}
	_, err = p.Certificate(hello("api.example.com"))
	wantFailure(t, "no certificate", err, "the certificate of domain name api.example.com: there is no certificate")
}
