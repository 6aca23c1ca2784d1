package lambda

import (
	"bytes"
	"os"
	"sync"
	"syscall"
)

// maxLine is the largest CloudWatch Logs event; a longer line becomes several
// events
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html).
const maxLine = 256 << 10

// drainLimit limits one flush, so that a process that prints endlessly cannot
// delay the end of its invocation. A pipe holds less.
const drainLimit = 1 << 20

// output reads the output of a process and emits it line by line.
type output struct {
	pipe   *os.File
	conn   syscall.RawConn
	emit   func(lines ...[]byte)
	closed chan struct{}

	reading sync.Mutex // held from a read until the lines are emitted
	buf     []byte
	partial []byte
}

func newOutput(pipe *os.File, emit func(lines ...[]byte)) *output {
	conn, _ := pipe.SyscallConn() // fails only for nil
	o := &output{pipe: pipe, conn: conn, emit: emit, closed: make(chan struct{}), buf: make([]byte, 16<<10)}
	go o.read()
	return o
}

// read emits lines until the end of the pipe.
func (o *output) read() {
	defer close(o.closed)
	for ended := false; !ended; {
		err := o.conn.Read(func(fd uintptr) (done bool) {
			n := 0
			n, ended = o.take(int(fd))
			return n == len(o.buf) || ended // a short read means that the pipe is empty
		})
		if err != nil {
			return
		}
	}
	o.endLine()
}

// take reads once without blocking. n is 0 if the pipe is empty or has ended.
func (o *output) take(fd int) (n int, ended bool) {
	o.reading.Lock()
	defer o.reading.Unlock()
	n, err := syscall.Read(fd, o.buf)
	for err == syscall.EINTR {
		n, err = syscall.Read(fd, o.buf)
	}
	if n > 0 {
		o.feed(o.buf[:n])
		return n, false
	}
	return 0, err != syscall.EAGAIN
}

// flush emits everything that was printed before the call, so that a function's
// lines come before the END of their invocation. It reads the pipe itself and
// does not wait for the reading goroutine.
func (o *output) flush() {
	_ = o.conn.Control(func(fd uintptr) {
		for total := 0; total < drainLimit; {
			n, _ := o.take(int(fd))
			if n == 0 {
				return
			}
			total += n
		}
	})
	o.endLine()
}

// close emits the remaining output of a process that has ended. It does not
// wait for the end of the pipe: a grandchild that left the process group may
// still hold the pipe open.
func (o *output) close() {
	o.flush()
	_ = o.pipe.Close()
	<-o.closed
}

// feed emits the complete lines in data together.
func (o *output) feed(data []byte) {
	var lines [][]byte
	for len(data) > 0 {
		line, rest, ended := bytes.Cut(data, []byte{'\n'})
		if room := maxLine - len(o.partial); len(line) > room {
			line, rest, ended = data[:room], data[room:], true
		}
		if !ended {
			o.partial = append(o.partial, line...)
			break
		}
		if len(o.partial) > 0 {
			line, o.partial = append(o.partial, line...), nil
		}
		lines, data = append(lines, line), rest
	}
	if len(lines) > 0 {
		o.emit(lines...)
	}
}

// endLine emits a last line without a newline.
func (o *output) endLine() {
	o.reading.Lock()
	defer o.reading.Unlock()
	if len(o.partial) > 0 {
		o.emit(o.partial)
		o.partial = o.partial[:0]
	}
}
