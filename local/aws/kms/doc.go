// Package kms stands for AWS Key Management Service: symmetric keys and their
// aliases, as records. Nothing encrypts here: what names a key, such as a
// bucket or a secret, has a setting without effect.
package kms
