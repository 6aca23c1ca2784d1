package lambda

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// memory tells what a process has held of it. The file stays open: it is
// read at the end of each invocation.
type memory struct{ status *os.File }

// openMemory never fails: of a process that is gone nothing can be told.
func openMemory(pid int) memory {
	status, _ := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	return memory{status}
}

// peak returns the most memory the process has held so far in MB, or 0 when it
// cannot be told.
func (m memory) peak() int {
	status := make([]byte, 4<<10)
	n, _ := m.status.ReadAt(status, 0) // ends early, with io.EOF
	_, rest, found := bytes.Cut(status[:n], []byte("VmHWM:"))
	if !found {
		return 0
	}
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, err := strconv.Atoi(string(fields[0]))
	if err != nil {
		return 0
	}
	return (kb + 1023) / 1024
}

func (m memory) close() { _ = m.status.Close() }
