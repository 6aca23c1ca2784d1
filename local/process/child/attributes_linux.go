package child

import "syscall"

// Attributes put a process in its own process group. The kernel kills it when
// the thread that started it ends.
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
