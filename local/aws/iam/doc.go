// Package iam emulates AWS IAM: roles, policies, permissions boundaries, and
// the keys that functions sign with. It authorizes every call by a function,
// and by a program that runs with a role.
package iam
