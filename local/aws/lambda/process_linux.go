package lambda

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// memory tells what a process has held of it. The files stay open: they are read
// at the end of each invocation.
type memory struct {
	status, statm *os.File
	known         int // the peak that was read last, in MB
}

// openMemory never fails: of a process that is gone nothing can be told.
func openMemory(pid int) *memory {
	status, _ := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	statm, _ := os.Open(fmt.Sprintf("/proc/%d/statm", pid))
	return &memory{status: status, statm: statm}
}

// short is an invocation that has no time to take memory and give it back.
const short = 10 * time.Millisecond

// peak returns the most memory the process has held so far in MB, or 0 when it
// cannot be told, at the end of an invocation that took so long. Only status has
// it, which costs the kernel much more than statm: after a short invocation it is
// read where the process holds more than ever before.
func (m *memory) peak(took time.Duration) int {
	if took < short && m.known > 0 {
		if held := m.held(); held > 0 && held <= m.known {
			return m.known
		}
	}
	m.known = peakOfStatus(readSome(m.status))
	return m.known
}

// held is the memory that the process holds now, in MB; 0 when it cannot be told.
func (m *memory) held() int {
	var sizes [128]byte                 // seven numbers of pages
	n, _ := m.statm.ReadAt(sizes[:], 0) // ends early, with io.EOF
	_, rest, _ := bytes.Cut(sizes[:n], []byte{' '})
	resident, _, _ := bytes.Cut(rest, []byte{' '})
	pages, err := strconv.Atoi(string(resident))
	if err != nil {
		return 0
	}
	return inMB(pages * os.Getpagesize() / 1024)
}

func inMB(kb int) int { return (kb + 1023) / 1024 }

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
	return inMB(kb)
}

func (m *memory) close() {
	_ = m.status.Close()
	_ = m.statm.Close()
}
