package main

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// domain is a name that an API answers at.
type domain struct {
	name    string // of its resources, too: a domain that takes another place in the settings is the same domain
	former  string // by which its resources were named in an earlier version of this program
	sockets bool   // of the WebSocket API
	made    *apigatewayv2.DomainName
}

// domains are all that are declared, with what leads to them.
type domains struct {
	zone     *zone // nil without a domain
	names    []domain
	declared []pulumi.Resource
}

// base is the name that proves it, which a wildcard shares.
func (d domain) base() string { return strings.TrimPrefix(d.name, "*.") }

// domains are those of the settings: the API's first, that of the WebSocket API
// last. An API of one kind cannot be mapped to a domain of the other.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-custom-domain-names.html
func (c config) domains() []domain {
	if c.Domain == "" {
		return nil
	}
	all := []domain{{name: c.Domain, former: "api"}}
	for _, name := range c.AdditionalDomains {
		all = append(all, domain{name: name, former: name})
	}
	if c.SocketDomain != "" {
		all = append(all, domain{name: c.SocketDomain, former: "sockets", sockets: true})
	}
	return all
}

// reachable tells whether the API answers at its domains after this update.
func (c config) reachable() bool { return c.Domain != "" && c.Delegated }

// address is the API's domain and path, once it answers there; else "".
func (c config) address() string {
	if !c.reachable() {
		return ""
	}
	return strings.TrimSuffix(c.Domain+"/"+c.BasePath, "/")
}

// newDomains declares the zone and, once that is delegated, the certificate, the
// domains and the records that lead to them.
func newDomains(s *stack) (*domains, error) {
	all := &domains{names: s.cfg.domains()}
	if len(all.names) == 0 {
		return all, nil
	}
	z, err := newZone(s)
	if err != nil {
		return nil, err
	}
	all.zone, all.declared = z, z.declared
	if !s.cfg.Delegated {
		all.names = nil
		return all, nil
	}
	certificate, err := newCertificate(s, z, all.names)
	if err != nil {
		return nil, err
	}
	for i := range all.names {
		if err := all.make(s, i, certificate); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// make declares a domain and its addresses. API Gateway takes one domain in 30
// seconds, so each waits for the one before it.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
func (a *domains) make(s *stack, i int, certificate pulumi.StringOutput) error {
	var after []pulumi.Resource
	if i > 0 {
		after = append(after, a.names[i-1].made)
	}
	d := &a.names[i]
	made, err := apigatewayv2.NewDomainName(s.ctx, d.name, &apigatewayv2.DomainNameArgs{
		DomainName: pulumi.String(d.name),
		DomainNameConfiguration: apigatewayv2.DomainNameDomainNameConfigurationArgs{
			CertificateArn: certificate,
			EndpointType:   pulumi.String("REGIONAL"),
			SecurityPolicy: pulumi.String("TLS_1_2"),
			IpAddressType:  pulumi.String("dualstack"),
		},
	}, s.in, pulumi.DependsOn(after), formerly(d.former))
	if err != nil {
		return err
	}
	d.made = made
	for _, family := range []string{"A", "AAAA"} {
		record, err := route53.NewRecord(s.ctx, d.name+"-"+family, &route53.RecordArgs{
			ZoneId: a.zone.id,
			Name:   pulumi.String(d.name),
			Type:   pulumi.String(family),
			Aliases: route53.RecordAliasArray{route53.RecordAliasArgs{
				Name:                 made.DomainNameConfiguration.TargetDomainName().Elem(),
				ZoneId:               made.DomainNameConfiguration.HostedZoneId().Elem(),
				EvaluateTargetHealth: pulumi.Bool(false),
			}},
		}, s.in, a.zone.delegated, formerly(d.former+"-"+family))
		if err != nil {
			return err
		}
		a.declared = append(a.declared, record)
	}
	return nil
}

// target is the stage of an API that a domain leads to. The API is not asked of
// the stage: while that is replaced its API would be unknown, and a mapping to
// an unknown API another mapping.
type target struct {
	api   pulumi.StringInput
	stage *apigatewayv2.Stage
}

// newMappings maps each domain to the stage of its API, which has to be there
// first. They go before the stage in a destroy, so they are protected as that
// is. A mapping that leads to another API is another mapping; a domain has one
// of a path, so the old one goes first.
func (a *domains) newMappings(s *stack, api, sockets *target) error {
	for _, d := range a.names {
		to := api
		if d.sockets {
			to = sockets
		}
		args := &apigatewayv2.ApiMappingArgs{DomainName: d.made.ID(), ApiId: to.api, Stage: to.stage.ID()}
		if s.cfg.BasePath != "" {
			args.ApiMappingKey = pulumi.String(s.cfg.BasePath)
		}
		if _, err := apigatewayv2.NewApiMapping(s.ctx, d.name, args, s.in, pulumi.Protect(s.cfg.Protect), pulumi.DeleteBeforeReplace(true), formerly(d.former)); err != nil {
			return err
		}
	}
	return nil
}

// urls are what requests, and WebSocket clients, begin with at the domains.
func (a *domains) urls(cfg config) (api, sockets pulumi.StringArray) {
	for _, d := range a.names {
		rest := strings.TrimSuffix(d.name+"/"+cfg.BasePath, "/")
		if d.sockets {
			sockets = append(sockets, pulumi.String("wss://"+rest))
		} else {
			api = append(api, pulumi.String("https://"+rest))
		}
	}
	return api, sockets
}
