package lambda

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
)

// maxLine is the size of one CloudWatch Logs event; a longer line is cut into
// several (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html).
const maxLine = 256 << 10

// drainLimit bounds one flush, so that a process that prints without end cannot
// hold up the end of its invocation. A pipe holds less.
const drainLimit = 1 << 20

// An output reads what one process prints and hands it on line by line.
type output struct {
	pipe    *os.File
	emit    func(line []byte)
	partial []byte
	closed  chan struct{}

	flushing sync.Mutex // one flush at a time
	flushes  chan chan struct{}
}

func newOutput(pipe *os.File, emit func(line []byte)) *output {
	o := &output{pipe: pipe, emit: emit, closed: make(chan struct{}), flushes: make(chan chan struct{}, 1)}
	go o.read()
	return o
}

func (o *output) read() {
	defer close(o.closed)
	buf := make([]byte, 16<<10)
	for {
		n, err := o.pipe.Read(buf)
		o.feed(buf[:n])
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			o.endLine()
			return
		}
		if o.pipe.SetReadDeadline(time.Time{}) != nil {
			return
		}
		o.drain(buf)
		o.endLine()
		close(<-o.flushes)
	}
}

// drain reads what stands in the pipe now, without waiting for more.
func (o *output) drain(buf []byte) {
	conn, err := o.pipe.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(fd uintptr) bool {
		for total := 0; total < drainLimit; {
			n, err := syscall.Read(int(fd), buf)
			if err == syscall.EINTR {
				continue
			}
			if err != nil || n <= 0 {
				break
			}
			o.feed(buf[:n])
			total += n
		}
		return true
	})
}

// flush returns when everything printed before the call has been handed on, so
// that a function's lines stand before the END of their invocation. A read
// deadline in the past is what wakes the reader.
func (o *output) flush() {
	o.flushing.Lock()
	defer o.flushing.Unlock()
	done := make(chan struct{})
	select {
	case o.flushes <- done:
	case <-o.closed:
		return
	}
	_ = o.pipe.SetReadDeadline(time.Unix(1, 0))
	select {
	case <-done:
	case <-o.closed:
	}
}

// close hands on what is left of an ended process. It does not wait for the end
// of the pipe: a grandchild that left the group may still hold it.
func (o *output) close() {
	o.flush()
	_ = o.pipe.Close()
	<-o.closed
}

func (o *output) feed(data []byte) {
	for len(data) > 0 {
		line, rest, ended := bytes.Cut(data, []byte{'\n'})
		if room := maxLine - len(o.partial); len(line) > room {
			line, rest, ended = data[:room], data[room:], true
		}
		o.partial = append(o.partial, line...)
		if ended {
			o.emit(o.partial)
			o.partial = o.partial[:0]
		}
		data = rest
	}
}

// endLine hands on a last line without newline.
func (o *output) endLine() {
	if len(o.partial) > 0 {
		o.emit(o.partial)
		o.partial = o.partial[:0]
	}
}
