package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// validationTime limits the wait for a certificate. ACM needs some minutes; the
// provider's default is 75.
const validationTime = "15m"

// newCertificate declares one certificate for all domains and the records that
// validate it. It returns the ARN, which resolves once the certificate is
// issued. The records stay, because ACM also renews the certificate with them.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
func newCertificate(s *stack, z *zone, domains []domain) (pulumi.StringOutput, error) {
	var none pulumi.StringOutput
	// The list is set even if it is empty: for an omitted list the provider
	// keeps the names that the certificate has.
	others := pulumi.StringArray{}
	for _, d := range domains[1:] {
		others = append(others, pulumi.String(d.name))
	}
	certificate, err := acm.NewCertificate(s.ctx, "domains", &acm.CertificateArgs{
		DomainName:              pulumi.String(domains[0].name),
		SubjectAlternativeNames: others,
		ValidationMethod:        pulumi.String("DNS"),
		KeyAlgorithm:            pulumi.String("RSA_2048"), // old clients support it, too
	}, s.in)
	if err != nil {
		return none, err
	}
	var names pulumi.StringArray
	for _, d := range provable(domains) {
		record, err := newProof(s, z, certificate, d)
		if err != nil {
			return none, err
		}
		names = append(names, record.Fqdn)
	}
	issued, err := acm.NewCertificateValidation(s.ctx, "domains", &acm.CertificateValidationArgs{
		CertificateArn:        certificate.Arn,
		ValidationRecordFqdns: names,
	}, s.in, pulumi.Timeouts(&pulumi.CustomTimeouts{Create: validationTime}))
	if err != nil {
		return none, err
	}
	return issued.CertificateArn, nil
}

// newProof declares the record that validates one domain. The record depends
// only on the account and the name: another stack of the account may have
// created it, and ACM renews the certificates of both with it. So it stays when
// the stack or the domain is removed.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html
func newProof(s *stack, z *zone, certificate *acm.Certificate, d domain) (*route53.Record, error) {
	option := certificate.DomainValidationOptions.ApplyT(func(options []acm.CertificateDomainValidationOption) (acm.CertificateDomainValidationOption, error) {
		for _, o := range options {
			if o.DomainName != nil && strings.TrimPrefix(*o.DomainName, "*.") == d.base() && o.ResourceRecordName != nil {
				return o, nil
			}
		}
		return acm.CertificateDomainValidationOption{}, fmt.Errorf("ACM returns no validation record for the domain %s; run up again", d.name)
	}).(acm.CertificateDomainValidationOptionOutput)
	// A wildcard and its base name share the record. With two logical names,
	// deleting one of them would delete the record of the other.
	return route53.NewRecord(s.ctx, "proof-of-"+d.base(), &route53.RecordArgs{
		ZoneId:         z.id,
		Name:           option.ResourceRecordName().Elem(),
		Type:           option.ResourceRecordType().Elem(),
		Records:        pulumi.StringArray{option.ResourceRecordValue().Elem()},
		Ttl:            pulumi.Int(300), // seconds
		AllowOverwrite: pulumi.Bool(true),
	}, s.in, z.delegationHook, pulumi.RetainOnDelete(true), formerly("proof-of-"+strings.TrimPrefix(d.former, "*.")))
}

// provable returns one domain for each validation record. A name and its
// wildcard share a record.
func provable(domains []domain) []domain {
	var all []domain
	for _, d := range domains {
		if !slices.ContainsFunc(all, func(other domain) bool { return other.base() == d.base() }) {
			all = append(all, d)
		}
	}
	return all
}
