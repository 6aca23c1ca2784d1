package acm

import (
	"cmp"

	"skiff/local/engine/provider"
)

// See internal/service/acm/certificate.go and tags_gen.go of
// terraform-provider-aws 5.100.0. A request knows no resource, and has the keys
// of https://docs.aws.amazon.com/acm/latest/userguide/acm-conditions.html; its
// tags take a right to the certificate that it makes.
func certificateActions(o provider.Operation[Certificate]) []provider.Action {
	in, certificate := o.Record.Inputs, o.Record.ID
	tags := o.Tags(certificate, "acm:AddTagsToCertificate", "acm:RemoveTagsFromCertificate")
	switch o.Verb {
	case provider.Create:
		request := provider.On(provider.Anything, "acm:RequestCertificate")
		request = provider.When(request, "acm:DomainNames", names(in)...)
		request = provider.When(request, "acm:ValidationMethod", in.ValidationMethod)
		return append(request, tags...)
	case provider.Update:
		if o.Changed("options") {
			options := provider.On(certificate, "acm:UpdateCertificateOptions")
			tags = append(tags, provider.When(options, "acm:ValidationMethod", cmp.Or(in.ValidationMethod, "DNS"))...)
		}
		return tags
	case provider.Delete:
		return provider.On(certificate, "acm:DeleteCertificate")
	}
	return provider.On(certificate, "acm:DescribeCertificate", "acm:ListTagsForCertificate")
}

// See internal/service/acm/certificate_validation.go of terraform-provider-aws
// 5.100.0: all that it does is to look at the certificate, and a delete does
// nothing.
func validationActions(o provider.Operation[Validation]) []provider.Action {
	if o.Verb == provider.Delete {
		return nil
	}
	return provider.On(o.Record.Inputs.CertificateARN, "acm:DescribeCertificate")
}
