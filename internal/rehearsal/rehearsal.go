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

// ZipFolder is the folder, below the program's, of a command that builds the zips
// of the functions. The local cloud runs it while it watches: in the folder of
// go.mod, with -target Host and no other argument. Like the commands of the
// stack, it builds each zip that differs from what its source produces, and
// prints Zips as JSON. If a function does not compile, it still prints Zips,
// prints the error on standard error, and fails.
//
// With -debug and the name of a function, it builds that function with symbols
// and without optimizations. It prints the path of the binary, which is named
// bootstrap and has a separate folder for each function.
const ZipFolder = "zip"

// Zips lists the zips of the functions and the folders of their source.
type Zips struct {
	Functions []Zip
	Folders   []Folder // of their packages, except packages of other modules
}

// Zip is the zip of one function.
type Zip struct {
	Function string
	Path     string // absolute
	SHA256   string // in hexadecimal; "" for a function that does not compile
	Main     string // folder of its main package, absolute
}

// Folder is the folder of a package.
type Folder struct {
	Path   string // absolute
	Embeds bool   // the package embeds files, which may have any name
}
