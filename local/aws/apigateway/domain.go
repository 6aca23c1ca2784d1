package apigateway

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base32"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Certificates has the certificates of domain names.
type Certificates interface {
	// Usable returns an error if a certificate cannot serve a domain name in a
	// region: if it is missing, not issued, or for another name or region.
	Usable(arn, domainName, region string) error

	// TLS returns the certificate with its key.
	TLS(arn string) (*tls.Certificate, error)
}

// DomainInputs holds the inputs of a domain name. Mutual TLS is not supported.
type DomainInputs struct {
	DomainName    string            `json:"domainName" aws:"required,replace"`
	Configuration *DomainSettings   `json:"domainNameConfiguration" aws:"required"`
	Tags          map[string]string `json:"tags,omitempty"`
}

// DomainSettings says how a domain name is served. The address type has no
// effect on a loopback address.
type DomainSettings struct {
	CertificateARN string `json:"certificateArn" aws:"required"`
	EndpointType   string `json:"endpointType" aws:"required"`
	SecurityPolicy string `json:"securityPolicy" aws:"required"`
	IPAddressType  string `json:"ipAddressType,omitempty" aws:"idle"`
}

// DomainOutputs holds the outputs that AWS adds to a domain name.
type DomainOutputs struct {
	APIMappingSelectionExpression string         `json:"apiMappingSelectionExpression"`
	ARN                           string         `json:"arn"`
	Configuration                 DomainEndpoint `json:"domainNameConfiguration"`
}

// DomainEndpoint is DomainSettings with the target of DNS records.
type DomainEndpoint struct {
	CertificateARN   string `json:"certificateArn"`
	EndpointType     string `json:"endpointType"`
	HostedZoneID     string `json:"hostedZoneId"`
	IPAddressType    string `json:"ipAddressType"`
	SecurityPolicy   string `json:"securityPolicy"`
	TargetDomainName string `json:"targetDomainName"`
}

func domains(a *APIs) *provider.Resource[DomainInputs, DomainOutputs] {
	return &provider.Resource[DomainInputs, DomainOutputs]{
		Token: DomainToken,
		Check: checkDomain,
		ID:    func(_ provider.Call, in DomainInputs) string { return in.DomainName },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[DomainInputs]) error {
			return a.checkCertificate(r)
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[DomainInputs], r *store.Record[DomainInputs]) error {
			return a.checkCertificate(r)
		},
		Delete: func(_ context.Context, _ provider.Call, r store.Record[DomainInputs]) error {
			return a.checkUnmapped("domain name "+r.ID, func(m MappingInputs) bool { return m.DomainName == r.ID })
		},
		Actions:  domainActions,
		Describe: describeDomain,
	}
}

// domainForm matches a name in lower case without a trailing dot. Its first
// label may be a wildcard
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html).
var domainForm = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// checkDomain reports what
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames.html
// rejects.
func checkDomain(in DomainInputs) []provider.Problem {
	var problems provider.Problems
	if name := in.DomainName; name != "" && (len(name) > 253 || !domainForm.MatchString(name)) {
		problems.Add("domainName", "%q must be a domain name in lower case without a trailing dot, such as api.example.com", name)
	}
	c := in.Configuration
	if c == nil {
		return problems
	}
	if t := c.EndpointType; t != "" && t != "REGIONAL" {
		problems.Add("domainNameConfiguration.endpointType", "must be REGIONAL, not %q", t)
	}
	if p := c.SecurityPolicy; p != "" && p != "TLS_1_2" {
		problems.Add("domainNameConfiguration.securityPolicy", "must be TLS_1_2, not %q", p)
	}
	problems.OneOf("domainNameConfiguration.ipAddressType", c.IPAddressType, "ipv4", "dualstack")
	return problems
}

func (a *APIs) checkCertificate(r *store.Record[DomainInputs]) error {
	if r.Inputs.Configuration == nil {
		return awserr.New("BadRequestException", "the domain name %s has no configuration", r.ID)
	}
	if a.certificates == nil {
		return awserr.New("BadRequestException", "there are no certificates for the domain name %s", r.ID)
	}
	if err := a.certificates.Usable(r.Inputs.Configuration.CertificateARN, r.ID, r.Region); err != nil {
		return awserr.New("BadRequestException", "domain name %s: %w", r.ID, err)
	}
	return nil
}

// regionalZones returns the hosted zones of regional endpoints, by region
// (https://docs.aws.amazon.com/general/latest/gr/apigateway.html).
func regionalZones() map[string]string {
	return map[string]string{
		"us-east-1": "Z1UJRXOUMOOFQ8", "us-east-2": "ZOJJZC49E0EPZ", "us-west-1": "Z2MUQ32089INYE", "us-west-2": "Z2OJLYMUO9EFXC",
		"ca-central-1": "Z19DQILCV0OWEC", "sa-east-1": "ZCMLWB8V5SYIT",
		"eu-central-1": "Z1U9ULNL0V5AJ3", "eu-west-1": "ZLY8HYME6SFDD", "eu-west-2": "ZJ5UAJN8Y3Z2Q", "eu-west-3": "Z3KY65QIEKYHQQ",
		"eu-north-1": "Z3UWIKFBOOGXPP", "ap-south-1": "Z3VO1THU9YC4UR", "ap-northeast-1": "Z1YSHQZHG15GKL", "ap-northeast-2": "Z20JF4UZKIW1U8",
		"ap-southeast-1": "ZL327KTPIQFUL", "ap-southeast-2": "Z2RPCDW04V8134",
	}
}

// describeDomain returns the outputs of a domain name. AWS generates the name
// of the endpoint. Here it derives from the domain name, so it is always the
// same.
func describeDomain(r store.Record[DomainInputs]) DomainOutputs {
	sum := sha256.Sum256([]byte(r.Account + " " + r.Region + " " + r.ID))
	name := strings.ToLower(base32.HexEncoding.EncodeToString(sum[:]))
	in := cmp.Or(r.Inputs.Configuration, &DomainSettings{})
	return DomainOutputs{
		APIMappingSelectionExpression: "$request.basepath",
		ARN:                           arn.New("apigateway", r.Region, "", "/domainnames/"+r.ID),
		Configuration: DomainEndpoint{
			CertificateARN: in.CertificateARN, EndpointType: in.EndpointType, SecurityPolicy: in.SecurityPolicy,
			IPAddressType: cmp.Or(in.IPAddressType, "ipv4"),
			// Other regions have a zone too, but no one here uses its id.
			HostedZoneID:     cmp.Or(regionalZones()[r.Region], "Z0"+strings.ToUpper(name[10:22])),
			TargetDomainName: "d-" + name[:10] + ".execute-api." + r.Region + ".amazonaws.com",
		},
	}
}

// Certificate returns the certificate of the domain name that a TLS client
// wants. The error lists the existing domain names.
func (a *APIs) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	s, err := a.served()
	if err != nil {
		return nil, err
	}
	name, _ := s.domain(hostName(hello.ServerName))
	if r, err := store.Get[DomainInputs](a.db, DomainToken, name); err == nil && a.certificates != nil && r.Inputs.Configuration != nil {
		certificate, err := a.certificates.TLS(r.Inputs.Configuration.CertificateARN)
		if err != nil {
			return nil, fmt.Errorf("the certificate of domain name %s: %w", r.ID, err)
		}
		return certificate, nil
	}
	names := slices.Sorted(maps.Keys(s.domains))
	return nil, fmt.Errorf("there is no domain name %q with a certificate; the domain names are: %s", hello.ServerName, cmp.Or(strings.Join(names, ", "), "none"))
}

// UsesCertificate reports whether a domain name uses the certificate. It also
// returns true if it cannot read the domain names, so that no certificate in
// use is deleted.
func (a *APIs) UsesCertificate(certificateARN string) bool {
	all, err := store.List[DomainInputs](a.db, DomainToken)
	return err != nil || slices.ContainsFunc(all, func(d store.Record[DomainInputs]) bool {
		return d.Inputs.Configuration != nil && d.Inputs.Configuration.CertificateARN == certificateARN
	})
}
