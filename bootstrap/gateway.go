package main

// apis is every API of the region: an API's name in its ARN is an id that API
// Gateway invents.
func (s scope) apis() []string { return []string{s.gateway("/apis"), s.gateway("/apis/*")} }

// domainNames is the API Gateway domain names of the stack's domains, with
// their mappings.
func (s scope) domainNames() []string {
	var arns []string
	for _, name := range s.domains() {
		arns = append(arns, s.gateway("/domainnames/"+name), s.gateway("/domainnames/"+name+"/apimappings*"))
	}
	return arns
}

// gatewayReads is what a preview reads of APIs, certificates and zones.
func (s scope) gatewayReads() []statement {
	reads := []statement{
		allow(append(s.apis(), s.gateway("/tags/*")), "apigateway:GET"),
	}
	if len(s.Domains) == 0 {
		return reads
	}
	return append(reads,
		allow(s.domainNames(), "apigateway:GET"),
		allow([]string{s.arn("acm", "certificate/*")}, "acm:DescribeCertificate", "acm:ListTagsForCertificate"),
		allow(s.zones(), "route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"),
		allow(anything(), "route53:ListHostedZones"),
	)
}

// gatewayWrites is what a deployment does with APIs and, where there are
// domains, with their certificates and zones.
func (s scope) gatewayWrites() []statement {
	writes := []statement{
		allow(s.apis(), "apigateway:POST"),
		allow([]string{s.gateway("/apis/*")}, "apigateway:PATCH", "apigateway:DELETE"),
		// The tags of an API or a domain name are a path of their own. POST is how
		// they are put there; the page knows PUT as well.
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
		allow([]string{s.gateway("/tags/*")}, "apigateway:POST", "apigateway:PUT", "apigateway:DELETE"),
	}
	if len(s.Domains) == 0 {
		return writes
	}
	certificates := []string{s.arn("acm", "certificate/*")}
	return append(writes,
		allow([]string{s.gateway("/domainnames")}, "apigateway:POST"),
		allow(s.domainNames(), "apigateway:POST", "apigateway:PATCH", "apigateway:DELETE"),
		// API Gateway makes this role for the account's first domain name.
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
		allow([]string{s.iam("role/aws-service-role/ops.apigateway.amazonaws.com/*")}, "iam:CreateServiceLinkedRole").
			when("StringEquals", "iam:AWSServiceName", "ops.apigateway.amazonaws.com"),
		allow(anything(), "acm:RequestCertificate").
			when("StringEquals", "aws:RequestedRegion", s.Region).
			when("StringEquals", "acm:ValidationMethod", "DNS").
			whenAll("acm:DomainNames", s.domains()...),
		// The update is of options, which infra may come to set.
		allow(certificates, "acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:RemoveTagsFromCertificate", "acm:UpdateCertificateOptions"),
		allow(anything(), "route53:CreateHostedZone"), // no condition there is tells one zone's name from another's
		// A zone outlives its stack (infra/zone.go), so no deployment deletes one.
		allow(s.zones(), "route53:ChangeTagsForResource", "route53:UpdateHostedZoneComment"),
		allow([]string{"arn:aws:route53:::change/*"}, "route53:GetChange"),
		allow(s.zones(), "route53:ChangeResourceRecordSets").
			whenAll("route53:ChangeResourceRecordSetsNormalizedRecordNames", s.domains()...),
	)
}
