package acm

import (
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

func TestActions(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	r := providertest.New(p.db)
	certificates, validations := resourceTypes(p.Certificates)
	if certificates.Actions == nil || validations.Actions == nil {
		t.Fatal("a type has no actions")
	}
	r.Add(certificates, validations)
	in := func(logging string, tags properties) properties {
		return properties{"domainName": "Example.com", "subjectAlternativeNames": []any{"*.example.com"}, "validationMethod": "DNS",
			"options": properties{"certificateTransparencyLoggingPreference": logging}, "tags": tags}
	}
	r.Run(t, CertificateToken,
		providertest.Step{Verb: provider.Create, In: in("ENABLED", properties{"Team": "x"}), Want: []string{
			"acm:RequestCertificate * acm:DomainNames=example.com,*.example.com acm:ValidationMethod=DNS", "acm:AddTagsToCertificate {id}"}},
		providertest.Step{Verb: provider.Read, Want: []string{"acm:DescribeCertificate {id}", "acm:ListTagsForCertificate {id}"}},
		providertest.Step{Verb: provider.Update, In: in("ENABLED", properties{"Room": "y"}), Want: []string{
			"acm:AddTagsToCertificate {id}", "acm:RemoveTagsFromCertificate {id}"}},
		providertest.Step{Verb: provider.Update, In: in("DISABLED", properties{"Room": "y"}), Want: []string{
			"acm:UpdateCertificateOptions {id} acm:ValidationMethod=DNS"}},
		providertest.Step{Verb: provider.Delete, Want: []string{"acm:DeleteCertificate {id}"}},
	)
	certificate := p.obtain(t, "example.com", "api.example.com")
	looks := []string{"acm:DescribeCertificate " + certificate}
	r.Run(t, ValidationToken,
		providertest.Step{Verb: provider.Create, In: properties{"certificateArn": certificate}, Want: looks},
		providertest.Step{Verb: provider.Read, Want: looks},
		providertest.Step{Verb: provider.Delete},
	)
}
