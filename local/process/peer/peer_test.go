package peer

import (
	"net"
	"testing"
	"time"
)

func TestGone(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	there, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	if Gone(here) {
		t.Error("a silent peer counts as gone")
	}
	if _, err := there.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	var got [1]byte
	if Gone(here) {
		t.Error("a peer that has sent data counts as gone")
	}
	if n, err := here.Read(got[:]); n != 1 || err != nil {
		t.Errorf("what it has sent: %d, %v", n, err)
	}
	there.Close()
	for deadline := time.Now().Add(time.Minute); !Gone(here); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a peer that has hung up does not count as gone")
		}
	}
	here.Close()
	if !Gone(here) {
		t.Error("a connection that is closed has a peer")
	}
}
