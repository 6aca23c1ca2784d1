package dynalite

import "syscall"

// attributes put the process in a group of its own, out of reach of a
// terminal's Ctrl-C, and end it with the parent even where it cannot notice
// the end of its standard input.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
