package acm

import (
	"cmp"

	"skiff/local/engine/provider"
)

// certificateActions follows internal/service/acm/certificate.go and
// tags_gen.go of terraform-provider-aws 5.100.0. RequestCertificate has no
// resource; its condition keys are at
// https://docs.aws.amazon.com/acm/latest/userguide/acm-conditions.html. Tags on
// create need a right to the new certificate.
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

// validationActions follows internal/service/acm/certificate_validation.go of
// terraform-provider-aws 5.100.0. It only reads the certificate; a delete does
// nothing.
func validationActions(o provider.Operation[Validation]) []provider.Action {
	if o.Verb == provider.Delete {
		return nil
	}
	return provider.On(o.Record.Inputs.CertificateARN, "acm:DescribeCertificate")
}
