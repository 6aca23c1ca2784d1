package build

import (
	"fmt"
	"runtime"
)

// Target is the operating system and processor that binaries are built for,
// by the names of GOOS and GOARCH.
type Target struct {
	OS   string
	Arch string
}

// Host is the target name that stands for the machine that runs the build.
const Host = "host"

// ParseTarget reads a target as the configuration names it. Lambda runs
// linux/arm64 and linux/amd64; a stack that runs here takes Host, and its
// commands name what that resolved to.
func ParseTarget(name string) (Target, error) {
	host := Target{OS: runtime.GOOS, Arch: runtime.GOARCH}
	switch name {
	case "linux/arm64":
		return Target{OS: "linux", Arch: "arm64"}, nil
	case "linux/amd64":
		return Target{OS: "linux", Arch: "amd64"}, nil
	case Host, host.String():
		if host.Arch != "arm64" && host.Arch != "amd64" {
			return Target{}, fmt.Errorf("the host is %s, and Lambda has no such architecture; use linux/arm64 or linux/amd64", host)
		}
		return host, nil
	}
	return Target{}, fmt.Errorf("must be linux/arm64, linux/amd64 or host, not %q", name)
}

// String is the target in the form of go tool dist list, such as linux/arm64.
func (t Target) String() string { return t.OS + "/" + t.Arch }

// TargetVariable, where it is set, is what the functions are built for in place
// of what the stack says: a cloud on this machine runs them on it.
const TargetVariable = "SKIFF_TARGET"
