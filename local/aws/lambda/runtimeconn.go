package lambda

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"skiff/local/process/peer"
)

// accept accepts connections of the processes until the listener is closed.
func (r *Runtime) accept() {
	for {
		c, err := r.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // such as too many open files
			time.Sleep(10 * time.Millisecond)
		default:
			go r.serveConn(c)
		}
	}
}

// callLimit is the time limit for the first call on a connection.
const callLimit = 10 * time.Second

// serveConn handles the calls on a connection one after the other; a process
// makes two for each invocation. http.Server would also watch each call for a
// client that disconnects, which takes as long as the call itself. Here
// awaitWork checks for that where it matters, and watch notices the end of a
// process.
func (r *Runtime) serveConn(c net.Conn) {
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(callLimit))
	in := bufio.NewReader(c)
	for first := true; ; first = false {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if first {
			_ = c.SetReadDeadline(time.Time{})
		}
		if req.Header.Get("Expect") == "100-continue" {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		a := &apiAnswer{conn: c, header: http.Header{}, status: http.StatusOK}
		r.serveAPI(a, req)
		_, err = io.Copy(io.Discard, req.Body)
		if err != nil || a.send() != nil || req.Close {
			return
		}
	}
}

// apiAnswer is the response to one call. It is sent as a whole.
type apiAnswer struct {
	conn   net.Conn
	header http.Header
	status int
	body   []byte
}

func (a *apiAnswer) Header() http.Header    { return a.header }
func (a *apiAnswer) WriteHeader(status int) { a.status = status }

func (a *apiAnswer) Write(p []byte) (int, error) {
	a.body = append(a.body, p...)
	return len(p), nil
}

// isGone reports whether the client has disconnected.
func (a *apiAnswer) isGone() bool { return peer.Gone(a.conn) }

func (a *apiAnswer) send() error {
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n", a.status, http.StatusText(a.status), len(a.body))
	_ = a.header.Write(&head) // to memory, which cannot fail
	head.WriteString("\r\n")
	_, err := (&net.Buffers{head.Bytes(), a.body}).WriteTo(a.conn)
	return err
}
