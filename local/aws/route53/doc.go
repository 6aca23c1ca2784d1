// Package route53 stands for Amazon Route 53: public hosted zones and their
// records, and the DNS that leads to them. A name is found here only if every
// zone above it hands it on, as on the Internet; the registrar of a domain is
// taken to have done its part.
//
// Private zones, reusable delegation sets, routing policies, health checks and
// DNSSEC are left out.
package route53
