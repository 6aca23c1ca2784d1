package main

// apis returns the ARN patterns of every API in the region. The ARN of an API
// contains only an id that API Gateway generates.
func (s scope) apis() []string { return []string{s.gateway("/apis"), s.gateway("/apis/*")} }

// domainNames returns the ARN patterns of the stack's domain names in API
// Gateway and of their mappings.
func (s scope) domainNames() []string {
	var arns []string
	for _, name := range s.domains() {
		arns = append(arns, s.gateway("/domainnames/"+name), s.gateway("/domainnames/"+name+"/apimappings*"))
	}
	return arns
}

// gatewayReads allows a preview to read APIs, certificates and zones.
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

// gatewayWrites allows a deployment to change APIs. If there are domains, it
// also allows changing their certificates and zones.
func (s scope) gatewayWrites() []statement {
	writes := []statement{
		allow(s.apis(), "apigateway:POST"),
		allow([]string{s.gateway("/apis/*")}, "apigateway:PATCH", "apigateway:DELETE"),
		// The tags of an API or a domain name have their own path. The provider
		// adds them with POST; AWS also documents PUT.
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
		allow([]string{s.gateway("/tags/*")}, "apigateway:POST", "apigateway:PUT", "apigateway:DELETE"),
		// AWS does not list this action but requires it to create a stage with
		// tags.
		// https://github.com/aws-amplify/amplify-cli/issues/12316
		allow([]string{s.gateway("/apis/*/stages")}, "apigateway:TagResource"),
	}
	if len(s.Domains) == 0 {
		return writes
	}
	certificates := []string{s.arn("acm", "certificate/*")}
	return append(writes,
		allow([]string{s.gateway("/domainnames")}, "apigateway:POST"),
		allow(s.domainNames(), "apigateway:POST", "apigateway:PATCH", "apigateway:DELETE"),
		// API Gateway creates this role with the account's first domain name.
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
		allow([]string{s.iam("role/aws-service-role/ops.apigateway.amazonaws.com/*")}, "iam:CreateServiceLinkedRole").
			when("StringEquals", "iam:AWSServiceName", "ops.apigateway.amazonaws.com"),
		allow(anything(), "acm:RequestCertificate").
			when("StringEquals", "aws:RequestedRegion", s.Region).
			when("StringEquals", "acm:ValidationMethod", "DNS").
			whenAll("acm:DomainNames", s.domains()...),
		// infra does not set these options today but may in the future.
		allow(certificates, "acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:RemoveTagsFromCertificate", "acm:UpdateCertificateOptions"),
		allow(anything(), "route53:CreateHostedZone"), // no condition key contains the zone's name
		// A destroy keeps the zone (infra/zone.go), so the roles cannot delete
		// it.
		allow(s.zones(), "route53:ChangeTagsForResource", "route53:UpdateHostedZoneComment"),
		allow([]string{"arn:aws:route53:::change/*"}, "route53:GetChange"),
		allow(s.zones(), "route53:ChangeResourceRecordSets").
			whenAll("route53:ChangeResourceRecordSetsNormalizedRecordNames", s.domains()...),
	)
}
