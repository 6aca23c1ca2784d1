package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"skiff/local/engine/progress/progresstest"
)

// announced matches the announcement of a stack of one function, without other
// text.
var announced = regexp.MustCompile(`^\n  GET     http://[0-9.:]+/f000\n\ntry: curl -i (http://[0-9.:]+)/f000\n\nconsole: (http://[0-9.:]+)/_local/\n\nready (http://[0-9.:]+)$`)

// waits matches lines of progress, which appear on a slow machine.
var waits = regexp.MustCompile(`(?m)^local: (the Pulumi CLI|the store|the program|up)\b.*\n`)

// TestQuietStart starts a stack with its output in a pipe: for the first time,
// again, with a warning, and with a program that fails.
func TestQuietStart(t *testing.T) {
	t.Parallel()
	m := newMany(t, 1)
	for _, name := range []string{"first", "warm"} {
		s := serving(t, m.dir, "-state", m.state)
		if out := strings.Join(s.stdout, "\n"); !announced.MatchString(out) {
			t.Errorf("%s start: it prints\n%s", name, out)
		}
		if rest := waits.ReplaceAllString(s.errors(), ""); rest != "" {
			t.Errorf("%s start: besides what is waited for it says\n%s", name, rest)
		}
		s.stop(syscall.SIGINT)
	}
	log, err := os.ReadFile(filepath.Join(m.state, upLog))
	if err != nil || !bytes.Contains(log, []byte("unchanged")) {
		t.Errorf("Pulumi's own output is %s, %v", log, err)
	}

	m.set(t, map[string]any{"warning": "mind the gap"})
	s := serving(t, m.dir, "-state", m.state)
	if want := "warning: mind the gap\n"; !strings.Contains(s.errors(), want) {
		t.Errorf("it does not warn, as in %q:\n%s", want, s.errors())
	}
	s.stop(syscall.SIGTERM)

	m.set(t, map[string]any{"memory": 1, "warning": ""})
	s = start(t, m.dir, "-addr", "127.0.0.1:0", "-state", m.state)
	if err := <-s.ended; err == nil || len(s.stdout) > 0 {
		t.Errorf("a program that fails: %v, and prints %q", err, s.stdout)
	}
	for _, want := range []string{"aws:lambda/function:Function (f000):\n    error: ", "memorySize", "local: up failed; all that Pulumi printed is in " + filepath.Join(m.state, upLog)} {
		if !strings.Contains(s.errors(), want) {
			t.Errorf("it does not say %q:\n%s", want, s.errors())
		}
	}
	m.write(t, "main.go", []byte("package main\n\nfunc main() { nothing() }\n"))
	s = start(t, m.dir, "-addr", "127.0.0.1:0", "-state", m.state)
	if err := <-s.ended; err == nil || !strings.Contains(s.errors(), "main.go:3:15: undefined: nothing") {
		t.Errorf("a program that does not compile: %v\n%s", err, s.errors())
	}
}

// terminal is a `local` on a pseudoterminal.
type terminal struct {
	keyboard io.Writer
	cmd      *exec.Cmd
	ended    chan error // receives the result once the output ends

	mu  sync.Mutex
	out bytes.Buffer
}

func onTerminal(t *testing.T, m many, env ...string) *terminal {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	s := &terminal{ended: make(chan error, 1), cmd: exec.Command(binary, m.args("-addr", "127.0.0.1:0")...)}
	s.cmd.Env = append(os.Environ(), env...)
	tty, err := pty.StartWithSize(s.cmd, &pty.Winsize{Rows: 40, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	s.keyboard = tty
	go func() {
		// Reading a pseudoterminal fails once its program has ended.
		_, _ = io.Copy(lockedWriter{&s.mu, &s.out}, tty)
		s.ended <- s.cmd.Wait()
	}()
	t.Cleanup(func() { s.cmd.Process.Kill(); tty.Close() })
	return s
}

func (s *terminal) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// interrupt types Ctrl-C once the text appears, and returns all output.
func (s *terminal) interrupt(t *testing.T, after string) string {
	t.Helper()
	for end := time.Now().Add(commandLimit); !strings.Contains(s.text(), after); time.Sleep(every) {
		if time.Now().After(end) {
			t.Fatalf("it does not show %q:\n%q", after, s.text())
		}
	}
	if _, err := s.keyboard.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("after Ctrl-C: %v\n%q", err, s.text())
	}
	return s.text()
}

// TestTerminalStart starts a stack on a terminal that redraws lines, and on one
// that cannot.
func TestTerminalStart(t *testing.T) {
	t.Parallel()
	m := newMany(t, 1)
	screen := func(text string) string {
		t.Helper()
		shown, err := progresstest.Screen([]byte(strings.Replace(text, "^C", "", 1)))
		if err != nil {
			t.Errorf("%v in %q", err, text)
		}
		return strings.TrimSuffix(shown, "\n")
	}
	// This interrupts the first up, unless it is already done.
	text := onTerminal(t, m, "TERM=xterm").interrupt(t, "local: up: ")
	if shown := screen(text); shown != "" && !announced.MatchString(shown) {
		t.Errorf("after Ctrl-C it shows\n%s", shown)
	}
	nothingRuns(t, m.state)

	text = onTerminal(t, m, "TERM=xterm", "NO_COLOR=1").interrupt(t, "ready http://")
	if shown := screen(text); !announced.MatchString(shown) || !strings.Contains(text, "local: up: ") {
		t.Errorf("when it is ready it shows\n%s\nof %q", shown, text)
	}
	text = onTerminal(t, m, "TERM=dumb").interrupt(t, "ready http://")
	plain := strings.TrimSuffix(strings.ReplaceAll(strings.Replace(text, "^C", "", 1), "\r", ""), "\n")
	if plain = waits.ReplaceAllString(plain, ""); !announced.MatchString(plain) {
		t.Errorf("on a terminal that is dumb it shows\n%q", plain)
	}
}
