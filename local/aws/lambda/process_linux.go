package lambda

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// memory tells what a process has held of it. The files stay open: they are read
// at the end of each invocation.
type memory struct {
	status, statm *os.File
	sizes         string // that statm had when the peak was read
	known         int    // the peak then
}

// openMemory never fails: of a process that is gone nothing can be told.
func openMemory(pid int) *memory {
	status, _ := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	statm, _ := os.Open(fmt.Sprintf("/proc/%d/statm", pid))
	return &memory{status: status, statm: statm}
}

// peak returns the most memory the process has held so far in MB, or 0 when it
// cannot be told. Only status has it, which costs the kernel much more than statm:
// while the sizes there are the same to the page, so is the peak.
func (m *memory) peak() int {
	var sizes [128]byte                 // seven numbers
	n, _ := m.statm.ReadAt(sizes[:], 0) // ends early, with io.EOF
	if n > 0 && string(sizes[:n]) == m.sizes {
		return m.known
	}
	m.sizes, m.known = string(sizes[:n]), peakOfStatus(readSome(m.status))
	return m.known
}

// readSome reads the beginning of a file of the kernel.
func readSome(f *os.File) []byte {
	data := make([]byte, 4<<10)
	n, _ := f.ReadAt(data, 0) // ends early, with io.EOF
	return data[:n]
}

// peakOfStatus is the peak in proc/PID/status, in MB.
func peakOfStatus(status []byte) int {
	_, rest, found := bytes.Cut(status, []byte("VmHWM:"))
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

func (m *memory) close() {
	_ = m.status.Close()
	_ = m.statm.Close()
}
