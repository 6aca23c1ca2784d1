package websocket

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"testing/iotest"
)

// frame returns a masked frame.
func frame(first byte, payload []byte) []byte {
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	return append(append(out, 1, 2, 3, 4), payload...)
}

// source is a connection that is only read from.
type source struct {
	net.Conn
	io.Reader
}

func (s source) Read(p []byte) (int, error) { return s.Reader.Read(p) }

// TestFrames checks that frames up to 32 KB pass and larger ones fail, however
// the bytes arrive.
func TestFrames(t *testing.T) {
	t.Parallel()
	of := func(n int) []byte { return bytes.Repeat([]byte{'a'}, n) }
	before := bytes.Join([][]byte{frame(0x81, nil), frame(0x01, of(5)), frame(0x89, of(125)), frame(0x00, of(126)), frame(0x80, of(maxFrame))}, nil)
	after := bytes.Join([][]byte{frame(0x82, of(9)), frame(0x88, []byte{3, 0xe8})}, nil)
	stream := bytes.Join([][]byte{before, frame(0x81, of(maxFrame+1)), frame(0x81, of(1<<16)), after}, nil)
	for name, reader := range map[string]io.Reader{
		"whole": bytes.NewReader(stream), "bytes": iotest.OneByteReader(bytes.NewReader(stream)),
		"halves": iotest.HalfReader(bytes.NewReader(stream)), "error with data": iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		f := &frames{Conn: source{Reader: reader}}
		got, err := io.ReadAll(f)
		if !errors.Is(err, errFrameSize) || !bytes.Equal(got, before) {
			t.Errorf("%s: %d bytes, %v; want %d and the error", name, len(got), err, len(before))
		}
		got, err = io.ReadAll(f)
		if err != nil || !bytes.Equal(got, after) {
			t.Errorf("%s: then %d bytes, %v; want %d", name, len(got), err, len(after))
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(frame(0x81, []byte("hello")))
	f.Add([]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, stream []byte) {
		got, err := io.ReadAll(&frames{Conn: source{Reader: bytes.NewReader(stream)}})
		if err != nil && !errors.Is(err, errFrameSize) {
			t.Error(err)
		}
		if !bytes.HasPrefix(stream, got) {
			t.Errorf("%x became %x", stream, got)
		}
	})
}
