package main

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// domain is a domain name of an API.
type domain struct {
	name    string // also the logical name of its resources, so its position in the settings may change
	former  string // the logical name in an earlier version of this program
	sockets bool   // whether the WebSocket API answers there
	made    *apigatewayv2.DomainName
}

// domains holds the declared domains with their zone.
type domains struct {
	zone      *zone // nil without a domain
	list      []domain
	resources []pulumi.Resource
}

// base returns the name that ACM validates. A wildcard shares it with the name
// below it.
func (d domain) base() string { return strings.TrimPrefix(d.name, "*.") }

// domains returns the domains in the settings: the HTTP API's first, the
// WebSocket API's last. One domain cannot serve both kinds of API.
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

// reachable reports whether the API answers at its domains after this update.
func (c config) reachable() bool { return c.Domain != "" && c.Delegated }

// address returns the API's domain with the base path, or "" if the API does
// not answer there yet.
func (c config) address() string {
	if !c.reachable() {
		return ""
	}
	return strings.TrimSuffix(c.Domain+"/"+c.BasePath, "/")
}

// newDomains declares the zone. Once the zone is delegated, it also declares
// the certificate, the domains and their records.
func newDomains(s *stack) (*domains, error) {
	all := &domains{list: s.cfg.domains()}
	if len(all.list) == 0 {
		return all, nil
	}
	z, err := newZone(s)
	if err != nil {
		return nil, err
	}
	all.zone, all.resources = z, z.resources
	if !s.cfg.Delegated {
		all.list = nil
		return all, nil
	}
	certificate, err := newCertificate(s, z, all.list)
	if err != nil {
		return nil, err
	}
	for i := range all.list {
		if err := all.make(s, i, certificate); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// make declares a domain and its address records. API Gateway allows one new
// domain in 30 seconds, so each domain depends on the one before it.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
func (a *domains) make(s *stack, i int, certificate pulumi.StringOutput) error {
	var after []pulumi.Resource
	if i > 0 {
		after = append(after, a.list[i-1].made)
	}
	d := &a.list[i]
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
		}, s.in, a.zone.delegationHook, formerly(d.former+"-"+family))
		if err != nil {
			return err
		}
		a.resources = append(a.resources, record)
	}
	return nil
}

// target is the API and the stage that a domain is mapped to. It holds the API
// separately: while Pulumi replaces the stage, stage.ApiId is unknown, and
// Pulumi would replace the mapping too.
type target struct {
	api   pulumi.StringInput
	stage *apigatewayv2.Stage
}

// newMappings maps each domain to the stage of its API. A destroy deletes the
// mappings before the stage, so they are protected like it. A domain has one
// mapping for a path, so Pulumi deletes an old mapping before it creates its
// replacement.
func (a *domains) newMappings(s *stack, api, sockets *target) error {
	for _, d := range a.list {
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

// urls returns the URLs of both APIs at the domains.
func (a *domains) urls(cfg config) (api, sockets pulumi.StringArray) {
	for _, d := range a.list {
		rest := strings.TrimSuffix(d.name+"/"+cfg.BasePath, "/")
		if d.sockets {
			sockets = append(sockets, pulumi.String("wss://"+rest))
		} else {
			api = append(api, pulumi.String("https://"+rest))
		}
	}
	return api, sockets
}
