package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestDay runs a working day as a person types it: testdata/scripts/day.txtar.
func TestDay(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out a day, in which messages wait for their third try")
	}
	needs(t, append(sample(), "events", "items")...)
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "scripts"),
		Setup: func(e *testscript.Env) error { return setUpDay(t, e, filepath.Dir(binary)) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": cmdServe, "interrupt": cmdInterrupt, "shown": cmdShown, "save": cmdSave, "until": cmdUntil, "remember": cmdRemember,
		},
	})
}

// serverKey is the key of a script's server.
type serverKey struct{}

func setUpDay(t *testing.T, e *testscript.Env, bin string) error {
	dir := built(t)
	e.Cd = dir
	e.Values[serverKey{}] = &day{t: t, dir: dir}
	for _, name := range []string{"HOME", "GOCACHE", "GOMODCACHE", "GOPATH", "GOFLAGS", "XDG_CACHE_HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			e.Setenv(name, value)
		}
	}
	e.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return appendTo(filepath.Join(dir, "Pulumi.local.yaml"), "  skiff:timeout: 4\n  skiff:queueVisibility: 24\n  skiff:queueReceives: 3\n")
}

func appendTo(file, text string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, text...), 0o644)
}

// A day is the project of a script, and the server that serves it.
type day struct {
	t      *testing.T
	dir    string
	server *server
}

func dayOf(ts *testscript.TestScript) *day { return ts.Value(serverKey{}).(*day) }

// cmdServe starts the local cloud and sets URL.
func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	d := dayOf(ts)
	d.server = serving(d.t, d.dir, args...)
	ts.Setenv("URL", d.server.url)
}

// cmdInterrupt ends the local cloud as Ctrl-C does.
func cmdInterrupt(ts *testscript.TestScript, _ bool, _ []string) {
	dayOf(ts).server.stop(syscall.SIGINT)
}

// cmdShown waits until the local cloud has printed a text.
func cmdShown(ts *testscript.TestScript, _ bool, args []string) {
	form, s := regexp.MustCompile(args[0]), dayOf(ts).server
	poll(ts, args[0], func() (string, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		text := strings.Join(s.stdout, "\n") + "\n" + s.stderr.String()
		return text, form.MatchString(text)
	})
}

// cmdSave replaces a text in a file of the project.
func cmdSave(ts *testscript.TestScript, _ bool, args []string) {
	file := filepath.Join(dayOf(ts).dir, args[0])
	data, err := os.ReadFile(file)
	ts.Check(err)
	if strings.Count(string(data), args[1]) != 1 {
		ts.Fatalf("%s has %q %d times", args[0], args[1], strings.Count(string(data), args[1]))
	}
	ts.Check(os.WriteFile(file, []byte(strings.Replace(string(data), args[1], args[2], 1)), 0o644))
}

// cmdUntil repeats a command until it prints a text.
func cmdUntil(ts *testscript.TestScript, _ bool, args []string) {
	form := regexp.MustCompile(args[0])
	name := args[1]
	if name == "local" {
		binary, err := program()
		ts.Check(err)
		name = binary
	}
	poll(ts, strings.Join(args[1:], " "), func() (string, bool) {
		cmd := exec.Command(name, args[2:]...)
		cmd.Dir = dayOf(ts).dir
		out, _ := cmd.CombinedOutput() // only the output counts
		return string(out), form.Match(out)
	})
}

// patience is the time that a script waits; the third delivery of a message
// takes longest.
const patience = 150 * time.Second

// poll repeats try until it succeeds.
func poll(ts *testscript.TestScript, what string, try func() (text string, ok bool)) {
	end := time.Now().Add(patience)
	for {
		text, ok := try()
		if ok {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s: not in %s:\n%s", what, patience, text)
		}
		time.Sleep(pollDelay)
	}
}

// cmdRemember sets a variable to the output of the last command.
func cmdRemember(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("the last command has not printed %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}
