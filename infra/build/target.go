package build

import (
	"fmt"
	"runtime"

	"skiff/internal/rehearsal"
)

// Target is a platform, as values of GOOS and GOARCH.
type Target struct {
	OS   string
	Arch string
}

// ParseTarget returns the target for a name in the settings. Lambda runs
// linux/arm64 and linux/amd64. rehearsal.Host, or the platform that it resolves
// to, is for a stack on this machine. It returns an error for any other name,
// and for a host whose processor Lambda does not have.
func ParseTarget(name string) (Target, error) {
	host := Target{OS: runtime.GOOS, Arch: runtime.GOARCH}
	switch name {
	case "linux/arm64":
		return Target{OS: "linux", Arch: "arm64"}, nil
	case "linux/amd64":
		return Target{OS: "linux", Arch: "amd64"}, nil
	case rehearsal.Host, host.String():
		if host.Arch != "arm64" && host.Arch != "amd64" {
			return Target{}, fmt.Errorf("the host is %s, but Lambda does not have this architecture; use linux/arm64 or linux/amd64", host)
		}
		return host, nil
	}
	return Target{}, fmt.Errorf("must be linux/arm64, linux/amd64 or host, not %q", name)
}

// String returns the target in the form of go tool dist list, such as
// linux/arm64.
func (t Target) String() string { return t.OS + "/" + t.Arch }
