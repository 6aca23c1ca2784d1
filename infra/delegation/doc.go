// Package delegation checks whether DNS delegates a hosted zone: whether the
// parent zone lists the zone's name servers. ACM cannot issue a certificate for
// a zone that is not delegated, and the deployment would only end with a
// timeout. A DNS query shows the fault within seconds.
//
// The package asks the name servers of the parent zone. They know a change
// immediately. A resolver may cache an old answer for days.
package delegation
