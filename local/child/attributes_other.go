//go:build !linux

package child

import "syscall"

// attributes lacks a death signal, which only Linux has.
func attributes(a *syscall.SysProcAttr) *syscall.SysProcAttr {
	if a == nil {
		a = &syscall.SysProcAttr{Setpgid: true}
	}
	return a
}
