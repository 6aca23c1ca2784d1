// Package rehearsal is what a program and the local cloud agree on: the variables
// that the program gets when it runs against that cloud, and the command of its own
// that the cloud may run. On AWS none of it is set.
package rehearsal

// TargetVariable names, where it is set, the target that the functions are built for
// in place of the setting's, such as linux/arm64 or Host.
const TargetVariable = "SKIFF_TARGET"

// Host is the target that means the machine that runs the build. The local cloud
// runs the functions on it.
const Host = "host"

// ResolverVariable names, where it is set, a DNS server, as HOST:PORT, to ask in
// place of the system's and of the parent zone's. The local cloud serves the zones
// of its stacks there.
const ResolverVariable = "SKIFF_RESOLVER"

// TokenFolder is the folder, below the program's, of a command that prints a bearer
// token which the API of the stack accepts. The local cloud runs it with the
// variables of the function that decides on tokens.
const TokenFolder = "token"

// ZipFolder is the folder, below the program's, of a command that builds the zips
// of the functions. The local cloud runs it while it watches: in the folder of
// go.mod, with -target Host and no other argument. The command builds every zip
// that is not what its source makes, as the commands of the stack do, and prints
// Zips as JSON. Where a function does not compile, it prints Zips all the same,
// says why on standard error and fails.
//
// With -debug and the name of a function it builds that one with symbols and
// without optimizations, and prints the path of the binary, which has the name
// bootstrap in a folder of its own.
const ZipFolder = "zip"

// Zips is what the functions are built of, and into.
type Zips struct {
	Functions []Zip
	Folders   []Folder // of all packages in them that are no module's of others
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
