package lambda

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// memory reads the memory usage of a process. Its files stay open, because they
// are read after each invocation.
type memory struct {
	status, statm *os.File
	known         int // the last peak read, in MB
}

// openMemory opens the files of a process. If the process has ended, the later
// reads return 0.
func openMemory(pid int) *memory {
	status, _ := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	statm, _ := os.Open(fmt.Sprintf("/proc/%d/statm", pid))
	return &memory{status: status, statm: statm}
}

// short is the duration below which an invocation is too short to allocate
// memory and free it again.
const short = 10 * time.Millisecond

// peak returns the largest memory usage of the process so far, in MB, or 0 if
// it is unknown. took is the duration of the invocation that has just ended.
// Only status contains the peak, and reading it is much slower than reading
// statm. After a short invocation, peak reads status only if the current usage
// exceeds the known peak.
func (m *memory) peak(took time.Duration) int {
	if took < short && m.known > 0 {
		if held := m.held(); held > 0 && held <= m.known {
			return m.known
		}
	}
	m.known = peakOfStatus(readSome(m.status))
	return m.known
}

// held returns the current memory usage in MB, or 0 if it is unknown.
func (m *memory) held() int {
	var sizes [128]byte                 // seven numbers of pages
	n, _ := m.statm.ReadAt(sizes[:], 0) // a short read, with io.EOF
	_, rest, _ := bytes.Cut(sizes[:n], []byte{' '})
	resident, _, _ := bytes.Cut(rest, []byte{' '})
	pages, err := strconv.Atoi(string(resident))
	if err != nil {
		return 0
	}
	return inMB(pages * os.Getpagesize() / 1024)
}

func inMB(kb int) int { return (kb + 1023) / 1024 }

// readSome reads the beginning of a /proc file.
func readSome(f *os.File) []byte {
	data := make([]byte, 4<<10)
	n, _ := f.ReadAt(data, 0) // a short read, with io.EOF
	return data[:n]
}

// peakOfStatus returns the peak in /proc/PID/status, in MB.
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
