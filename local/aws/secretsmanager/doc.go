// Package secretsmanager emulates AWS Secrets Manager: the secrets that
// programs declare, and the calls that put and get their values. A program
// cannot set a value, because its state would contain the value.
//
// Rotation, replicas, resource policies and RestoreSecret are not supported: a
// deleted secret cannot be restored.
package secretsmanager
