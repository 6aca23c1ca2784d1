//go:build !linux

package child

import "syscall"

// Attributes put a process in a group of its own.
func Attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// attributes lacks a death signal, which only Linux has.
func attributes(a *syscall.SysProcAttr) *syscall.SysProcAttr {
	if a == nil {
		return Attributes()
	}
	return a
}
