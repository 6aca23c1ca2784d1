package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// validationTime bounds the wait for a certificate. ACM takes some minutes; the
// provider would wait for 75.
const validationTime = "15m"

// newCertificate declares the one certificate of all domains, proves by records
// in the zone that they are the stack's, and returns its ARN, known once it is
// issued. The records stay: ACM renews the certificate by them.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
func newCertificate(s *stack, z *zone, domains []domain) (pulumi.StringOutput, error) {
	var none pulumi.StringOutput
	// None is said as well: the provider takes names that are left out to be those
	// the certificate has.
	others := pulumi.StringArray{}
	for _, d := range domains[1:] {
		others = append(others, pulumi.String(d.name))
	}
	certificate, err := acm.NewCertificate(s.ctx, "domains", &acm.CertificateArgs{
		DomainName:              pulumi.String(domains[0].name),
		SubjectAlternativeNames: others,
		ValidationMethod:        pulumi.String("DNS"),
		KeyAlgorithm:            pulumi.String("RSA_2048"), // which clients of any age take
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

// newProof declares the record that proves one domain. The record goes by
// account and name: another stack of the account may have made it before, and
// ACM renews the certificates of both by it. So it stays when the stack, or the
// domain, goes.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html
func newProof(s *stack, z *zone, certificate *acm.Certificate, d domain) (*route53.Record, error) {
	option := certificate.DomainValidationOptions.ApplyT(func(options []acm.CertificateDomainValidationOption) (acm.CertificateDomainValidationOption, error) {
		for _, o := range options {
			if o.DomainName != nil && strings.TrimPrefix(*o.DomainName, "*.") == d.base() && o.ResourceRecordName != nil {
				return o, nil
			}
		}
		return acm.CertificateDomainValidationOption{}, fmt.Errorf("ACM names no record that proves %s", d.name)
	}).(acm.CertificateDomainValidationOptionOutput)
	// A wildcard and its apex share the record, so it is named by its base: under
	// two names, one of them would delete what the other has made.
	return route53.NewRecord(s.ctx, "proof-of-"+d.base(), &route53.RecordArgs{
		ZoneId:         z.id,
		Name:           option.ResourceRecordName().Elem(),
		Type:           option.ResourceRecordType().Elem(),
		Records:        pulumi.StringArray{option.ResourceRecordValue().Elem()},
		Ttl:            pulumi.Int(300), // seconds
		AllowOverwrite: pulumi.Bool(true),
	}, s.in, z.delegated, pulumi.RetainOnDelete(true), formerly("proof-of-"+strings.TrimPrefix(d.former, "*.")))
}

// provable are the domains that have a record of their own: a name and the
// wildcard below it share one.
func provable(domains []domain) []domain {
	var all []domain
	for _, d := range domains {
		if !slices.ContainsFunc(all, func(other domain) bool { return other.base() == d.base() }) {
			all = append(all, d)
		}
	}
	return all
}
