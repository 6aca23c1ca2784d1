// Package providertest runs resource types for a program with a role, so that
// tests can check which actions the role needs.
package providertest
