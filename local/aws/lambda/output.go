package lambda

import (
	"bytes"
	"os"
	"sync"
	"syscall"
)

// maxLine is the size of one CloudWatch Logs event; a longer line is cut into
// several (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html).
const maxLine = 256 << 10

// drainLimit bounds one flush, so that a process that prints without end cannot
// hold up the end of its invocation. A pipe holds less.
const drainLimit = 1 << 20

// An output reads what one process prints and hands it on line by line.
type output struct {
	pipe   *os.File
	conn   syscall.RawConn
	emit   func(lines ...[]byte)
	closed chan struct{}

	reading sync.Mutex // held from a read to the end of handing on what it has read
	buf     []byte
	partial []byte
}

func newOutput(pipe *os.File, emit func(lines ...[]byte)) *output {
	conn, _ := pipe.SyscallConn() // fails for nil alone
	o := &output{pipe: pipe, conn: conn, emit: emit, closed: make(chan struct{}), buf: make([]byte, 16<<10)}
	go o.read()
	return o
}

// read hands on what comes, until the end of the pipe.
func (o *output) read() {
	defer close(o.closed)
	for ended := false; !ended; {
		err := o.conn.Read(func(fd uintptr) (done bool) {
			n := 0
			n, ended = o.take(int(fd))
			return n == len(o.buf) || ended // with less there was no more
		})
		if err != nil {
			return
		}
	}
	o.endLine()
}

// take reads once, without waiting: n is 0 when there is nothing now, or when the
// pipe has ended.
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

// flush returns when everything printed before the call has been handed on, so
// that a function's lines stand before the END of their invocation. It does not
// wait for the goroutine that reads, but takes what is in the pipe itself.
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

// close hands on what is left of an ended process. It does not wait for the end
// of the pipe: a grandchild that left the group may still hold it.
func (o *output) close() {
	o.flush()
	_ = o.pipe.Close()
	<-o.closed
}

// feed hands on the lines that are whole, all at once.
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

// endLine hands on a last line without newline.
func (o *output) endLine() {
	o.reading.Lock()
	defer o.reading.Unlock()
	if len(o.partial) > 0 {
		o.emit(o.partial)
		o.partial = o.partial[:0]
	}
}
