package child

import "syscall"

// Attributes put a process in a group of its own, and have it killed when the
// thread that started it ends.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func attributes(a *syscall.SysProcAttr) *syscall.SysProcAttr {
	if a == nil {
		return Attributes()
	}
	a.Pdeathsig = syscall.SIGKILL
	return a
}
