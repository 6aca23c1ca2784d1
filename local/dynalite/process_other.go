//go:build !linux

package dynalite

import "syscall"

// attributes put the process in a group of its own, out of reach of a
// terminal's Ctrl-C. Its end with the parent hangs on its standard input.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
