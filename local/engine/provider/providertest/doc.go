// Package providertest runs resource types as a program with a role does, for
// the tests of what they ask the role for.
package providertest
