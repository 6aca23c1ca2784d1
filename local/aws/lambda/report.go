package lambda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"syscall"
	"time"
)

// log writes lines to the function's log. The platform's lines have the plain
// text format of
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html. AWS does
// not document the order of the error lines between a function's last line and
// END.

func (s *sandbox) log(lines ...[]byte) {
	if s.version.Log == nil {
		return
	}
	s.logging.Lock()
	defer s.logging.Unlock()
	s.write(lines...)
}

// write is log for a caller that holds logging.
func (s *sandbox) write(lines ...[]byte) {
	for _, line := range lines {
		s.keepTail(line)
	}
	s.version.Log(s.stream, lines...)
}

// handOver gives an invocation to the process. It holds logging, so that START
// comes before the process's lines; the process itself does not wait for START.
func (s *sandbox) handOver(inv *invocation) {
	s.logging.Lock()
	defer s.logging.Unlock()
	s.tail = s.tail[:0]
	s.work <- inv
	if s.version.Log != nil {
		s.write(startLine(inv))
	}
}

func startLine(inv *invocation) []byte {
	return []byte("START RequestId: " + inv.id + " Version: " + latest)
}

func (s *sandbox) printf(format string, args ...any) {
	if s.version.Log != nil {
		s.log(fmt.Appendf(nil, format, args...))
	}
}

// report writes the END and REPORT of an invocation, after the platform's error
// lines if the sandbox was lost. peak is in MB; 0 means unknown.
func (s *sandbox) report(inv *invocation, peak int) {
	took := min(time.Since(inv.began), inv.deadline.Sub(inv.began))
	status, kind := "", ""
	switch {
	case inv.err != nil:
		status = "error"
	case inv.overtime:
		status = "timeout"
		s.printFailure(timedOut(inv.version.Timeout).result(inv.id)) // an earlier answer remains valid
	case inv.answer == nil:
		status = "error"
		kind = s.printFailure(inv.result)
	case inv.answer.FunctionError != "":
		status = "error"
	}
	s.conclude(inv, took, peak, status, kind)
}

// reportFailure is report for an invocation without a ready sandbox.
func (s *sandbox) reportFailure(inv *invocation, result Result, began time.Time) {
	s.dropTail()
	s.log(startLine(inv))
	kind := s.printFailure(result)
	s.conclude(inv, time.Since(began), 0, "error", kind)
}

// printFailure logs the message and the type of a platform error, and returns
// the type.
func (s *sandbox) printFailure(result Result) string {
	var f failure
	if json.Unmarshal(result.Payload, &f) != nil {
		return ""
	}
	s.printf("%s", f.Message)
	s.printf("%s", f.Type)
	return f.Type
}

func (s *sandbox) conclude(inv *invocation, took time.Duration, peak int, status, kind string) {
	inv.took = took
	if s.version.Log == nil {
		return
	}
	var b bytes.Buffer
	// AWS bills the init phase of on-demand functions since 2025-08.
	billed := math.Ceil(float64(took+inv.init) / float64(time.Millisecond))
	fmt.Fprintf(&b, "REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %.0f ms\tMemory Size: %d MB\t",
		inv.id, milliseconds(took), billed, inv.version.MemoryMB)
	if peak > 0 {
		fmt.Fprintf(&b, "Max Memory Used: %d MB\t", peak)
	}
	if inv.init > 0 {
		fmt.Fprintf(&b, "Init Duration: %s ms\t", milliseconds(inv.init))
	}
	if status != "" {
		fmt.Fprintf(&b, "Status: %s\t", status)
	}
	if kind != "" {
		fmt.Fprintf(&b, "Error Type: %s\t", kind)
	}
	s.log([]byte("END RequestId: "+inv.id), b.Bytes())
	inv.tail = s.takeTail()
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}

// peakOf returns the largest memory usage of an ended process, in MB. Maxrss is
// in kilobytes, on macOS in bytes.
func peakOf(state *os.ProcessState) int {
	if state == nil {
		return 0
	}
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int((usage.Maxrss + 1<<20 - 1) >> 20)
	}
	return int((usage.Maxrss + 1023) / 1024)
}
