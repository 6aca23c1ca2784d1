// Package kms emulates AWS Key Management Service: symmetric keys and their
// aliases, as records. Nothing is encrypted here. A bucket or secret that names
// a key works as without one.
package kms
