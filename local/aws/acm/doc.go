// Package acm stands for AWS Certificate Manager: public certificates that are
// validated by DNS, and issued by a certificate authority of this machine.
//
// Imported and private certificates, validation by e-mail and revocation are
// left out.
package acm
