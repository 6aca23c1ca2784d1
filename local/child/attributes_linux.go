package child

import "syscall"

func attributes(a *syscall.SysProcAttr) *syscall.SysProcAttr {
	if a == nil {
		a = &syscall.SysProcAttr{Setpgid: true}
	}
	a.Pdeathsig = syscall.SIGKILL
	return a
}
