// Package route53 emulates Amazon Route 53: public hosted zones, their records,
// and DNS. As on the Internet, a name resolves only if every zone above it
// delegates it. The registrar of a domain is assumed to name the zone's
// servers.
//
// Private zones, reusable delegation sets, routing policies, health checks and
// DNSSEC are not supported.
package route53
