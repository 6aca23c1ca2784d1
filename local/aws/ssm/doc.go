// Package ssm stands for the Parameter Store of AWS Systems Manager: standard
// parameters, which programs declare, functions read and operators change.
//
// A SecureString is encrypted by the key alias/aws/ssm alone, which every caller
// of the account may use; here it is kept as it is, like a secret.
package ssm
