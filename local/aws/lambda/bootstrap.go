package lambda

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// launchError is the reason why a bootstrap does not start. failure is the
// error that AWS would return; advice is a sentence for the person who fixes
// the function. If err is set, the cause is this machine or the closing
// runtime, and failure and advice are empty.
type launchError struct {
	failure failure
	advice  string
	err     error
}

// taskBootstrap is the path of the bootstrap in AWS's messages.
const taskBootstrap = "/var/task/bootstrap"

// findBootstrap returns the path of the function's executable. See
// https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
// for the error. Only Dir is searched: layers, which would be in /opt, are not
// supported.
func findBootstrap(v Version) (string, *launchError) {
	path, err := filepath.Abs(filepath.Join(v.Dir, "bootstrap"))
	if err == nil {
		var info fs.FileInfo
		if info, err = os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", &launchError{
		failure: failure{invalidEntrypoint, "Couldn't find valid bootstrap(s): [" + taskBootstrap + " /opt/bootstrap]"},
		advice:  fmt.Sprintf("function %s has no bootstrap: put an executable file of that name at the root of its zip", v.Name),
	}
}

const invalidEntrypoint = "Runtime.InvalidEntrypoint"

// explain returns the launchError for an error of starting path. AWS returns
// the system error as Runtime.InvalidEntrypoint; the advice is an addition.
func explain(v Version, path string, err error) *launchError {
	var number syscall.Errno
	reason := err.Error()
	if errors.As(err, &number) {
		reason = number.Error()
	}
	return &launchError{
		failure: failure{invalidEntrypoint, "fork/exec " + taskBootstrap + ": " + reason},
		advice:  fmt.Sprintf("function %s does not start: %s", v.Name, advise(path, number)),
	}
}

func advise(path string, number syscall.Errno) string {
	switch target := builtFor(path); {
	case number == syscall.EACCES:
		return "bootstrap is not executable; give it mode 0755 in the zip"
	case number == syscall.ENOENT:
		return "bootstrap needs an interpreter or a loader that is not on this machine; build it with CGO_ENABLED=0"
	case target == "":
		return "bootstrap is not an executable that this machine (" + thisMachine() + ") can run"
	case target != thisMachine():
		return "bootstrap is built for " + target + "; this machine is " + thisMachine() + ": build the function for this machine"
	default:
		return "bootstrap is built for this machine (" + target + ") but is damaged or needs a newer system"
	}
}

func thisMachine() string { return runtime.GOOS + "/" + runtime.GOARCH }

// builtFor reads the header of an executable and returns its target in Go's
// form, such as linux/arm64. It returns "" for an unknown file format.
func builtFor(path string) string {
	if f, err := elf.Open(path); err == nil {
		defer f.Close()
		// Few ELF files name their operating system, and Go's do not.
		return "linux/" + goArch(f.Machine.String())
	}
	if f, err := macho.Open(path); err == nil {
		defer f.Close()
		return "darwin/" + goArch(f.Cpu.String())
	}
	if f, err := pe.Open(path); err == nil {
		defer f.Close()
		switch f.Machine {
		case pe.IMAGE_FILE_MACHINE_AMD64:
			return "windows/amd64"
		case pe.IMAGE_FILE_MACHINE_ARM64:
			return "windows/arm64"
		}
		return fmt.Sprintf("windows/%#x", f.Machine)
	}
	return ""
}

func goArch(machine string) string {
	switch machine {
	case "EM_X86_64", "CpuAmd64":
		return "amd64"
	case "EM_AARCH64", "CpuArm64":
		return "arm64"
	case "EM_386", "Cpu386":
		return "386"
	}
	return strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(machine, "EM_"), "Cpu"))
}
