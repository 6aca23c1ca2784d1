// Package secretsmanager stands for AWS Secrets Manager: secrets as a program
// declares them, and the calls that put and get their values. A value never
// comes from a program: it would lie in the program's state.
//
// Rotation, replicas and resource policies are left out, and so is
// RestoreSecret: a secret that is deleted here stays so.
package secretsmanager
