// Package iam stands for AWS IAM: roles, their policies and boundaries, the keys
// that functions sign with, and the decision on every call that functions, and
// programs with a role, make.
package iam
