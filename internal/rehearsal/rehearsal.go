// Package rehearsal holds the names that a Pulumi program and the local cloud
// share: environment variables that the local cloud sets for the program, and
// the folder of a command that it may run. None of the variables is set for a
// deployment to AWS.
package rehearsal

// TargetVariable names the environment variable with the target to build the
// functions for, such as linux/arm64 or Host. It overrides the setting target.
const TargetVariable = "SKIFF_TARGET"

// Host is the target of the machine that runs the build. The local cloud runs
// the functions on that machine.
const Host = "host"

// ResolverVariable names the environment variable with the HOST:PORT of a DNS
// server. The program sends its DNS queries there, and not to the system's or
// the parent zone's servers. The local cloud serves the zones of its stacks at
// this address.
const ResolverVariable = "SKIFF_RESOLVER"

// TokenFolder is a folder below the program's, with a command that prints a
// bearer token for the stack's API. The local cloud runs this command with the
// environment variables of the authorizer function.
const TokenFolder = "token"
