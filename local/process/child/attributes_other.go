//go:build !linux

package child

import "syscall"

// Attributes put a process in its own process group.
func Attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// attributes sets no death signal, which only Linux has.
func attributes(a *syscall.SysProcAttr) *syscall.SysProcAttr {
	if a == nil {
		return Attributes()
	}
	return a
}
