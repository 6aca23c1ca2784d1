// Package acm emulates AWS Certificate Manager: public certificates, validated
// by DNS and issued by a certificate authority of this machine.
//
// Imported and private certificates, validation by e-mail and revocation are
// not supported.
package acm
