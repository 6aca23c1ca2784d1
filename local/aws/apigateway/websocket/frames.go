package websocket

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
)

// errFrameSize is the error of a read that meets a frame above maxFrame.
var errFrameSize = errors.New("a frame above 32 KB")

// frames is a client's connection without data frames above maxFrame. The
// WebSocket library limits only messages, so this type parses the frames
// (https://datatracker.ietf.org/doc/html/rfc6455#section-5.2). The first frame
// above the limit fails the Read. It and later ones are dropped, so that the
// closing handshake can still be read.
type frames struct {
	net.Conn
	buffer [4096]byte
	in     []byte // read from the connection, not parsed yet
	out    []byte // parsed, not returned yet

	head   []byte // the head of the next frame, as far as it has arrived
	left   uint64 // bytes of its payload still to come
	skip   bool   // drop the payload
	failed bool
}

func (f *frames) Read(p []byte) (int, error) {
	for len(f.out) == 0 {
		if len(f.in) == 0 {
			n, err := f.Conn.Read(f.buffer[:])
			if n == 0 {
				return 0, err
			}
			f.in = f.buffer[:n]
		}
		if err := f.advance(); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.out)
	f.out = f.out[n:]
	return n, nil
}

// advance parses up to the end of a payload, or one byte of a head.
func (f *frames) advance() error {
	if f.left > 0 {
		n := min(uint64(len(f.in)), f.left)
		if !f.skip {
			f.out = f.in[:n]
		}
		f.in = f.in[n:]
		f.left -= n
		return nil
	}
	f.head = append(f.head, f.in[0])
	f.in = f.in[1:]
	size, whole := payloadSize(f.head)
	if !whole {
		return nil
	}
	control := f.head[0]&0x08 != 0 // the library limits control frames
	f.left, f.skip = size, !control && size > maxFrame
	if !f.skip {
		f.out = bytes.Clone(f.head)
	}
	f.head = f.head[:0]
	if f.skip && !f.failed {
		f.failed = true
		return errFrameSize
	}
	return nil
}

// payloadSize returns the size of a frame's payload. whole is false while the
// head is incomplete.
func payloadSize(head []byte) (size uint64, whole bool) {
	if len(head) < 2 {
		return 0, false
	}
	length := 2
	if head[1]&0x80 != 0 {
		length += 4 // the masking key
	}
	size = uint64(head[1] & 0x7f)
	switch size {
	case 126:
		length += 2
	case 127:
		length += 8
	}
	if len(head) < length {
		return 0, false
	}
	switch size {
	case 126:
		size = uint64(binary.BigEndian.Uint16(head[2:]))
	case 127:
		size = binary.BigEndian.Uint64(head[2:])
	}
	return size, true
}

// hijacker gives the library a frames connection, and passes it to keep.
type hijacker struct {
	http.ResponseWriter
	keep func(net.Conn)
}

// Hijack takes the connection over from the server.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	line, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, err
	}
	f := &frames{Conn: line, in: bytes.Clone(early)}
	rw.Reader.Reset(f)
	h.keep(f)
	return f, rw, nil
}
