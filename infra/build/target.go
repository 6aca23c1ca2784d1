package build

import (
	"fmt"
	"runtime"

	"skiff/internal/rehearsal"
)

// Target is the operating system and processor that binaries are built for,
// by the names of GOOS and GOARCH.
type Target struct {
	OS   string
	Arch string
}

// ParseTarget reads a target as the configuration names it. Lambda runs
// linux/arm64 and linux/amd64; a stack that runs here takes rehearsal.Host,
// and its commands name what that resolved to.
func ParseTarget(name string) (Target, error) {
	host := Target{OS: runtime.GOOS, Arch: runtime.GOARCH}
	switch name {
	case "linux/arm64":
		return Target{OS: "linux", Arch: "arm64"}, nil
	case "linux/amd64":
		return Target{OS: "linux", Arch: "amd64"}, nil
	case rehearsal.Host, host.String():
		if host.Arch != "arm64" && host.Arch != "amd64" {
			return Target{}, fmt.Errorf("the host is %s, and Lambda has no such architecture; use linux/arm64 or linux/amd64", host)
		}
		return host, nil
	}
	return Target{}, fmt.Errorf("must be linux/arm64, linux/amd64 or host, not %q", name)
}

// String is the target in the form of go tool dist list, such as linux/arm64.
func (t Target) String() string { return t.OS + "/" + t.Arch }
