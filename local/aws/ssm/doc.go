// Package ssm emulates the Parameter Store of AWS Systems Manager: standard
// parameters, which programs declare, functions read and operators change.
//
// A SecureString has only the key alias/aws/ssm, which every caller of the
// account may use. It is stored unencrypted here, like a secret.
package ssm
