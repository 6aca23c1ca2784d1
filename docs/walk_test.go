package docs

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"skiff/docs/recipe"
)

// walked are the pages whose commands TestWalk runs, in this order: the last one
// ends with another name for the clone.
func walked() []string {
	return []string{"../README.md", "day.md", "operations.md", "deploy.md", "upgrade.md", "getting-started.md"}
}

// serving finds a command that serves until it is interrupted.
var serving = regexp.MustCompile(`^go run \./local( -watch| -stack \S+)*$`)

// TestWalk follows the pages word by word, as a newcomer does: in a fresh clone
// and an empty home. What serves runs beside the other commands until the next
// one that serves, or the end of its page. The port is a free one.
func TestWalk(t *testing.T) {
	if testing.Short() {
		t.Skip("the test takes minutes; run without -short")
	}
	if owned, err := recipe.Owned(".."); err != nil || owned {
		t.Skipf("a team's own pages may have commands for its own account (%v)", err)
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	c := newCopy(t)
	home := t.TempDir()
	// A status of 400 or more fails the command.
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte("fail-with-body\nsilent\nshow-error\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := walk(t, freePort(t))
	cmd := exec.CommandContext(t.Context(), bash, "-c", script)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), append(caches(t), "HOME="+home)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Minute
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(string(out), 8000))
	}
	if testing.Verbose() {
		t.Logf("%s", out)
	}
}

// caches keeps what Go and the local cloud have fetched and compiled: from
// nothing that takes minutes.
func caches(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatal(err)
	}
	values := strings.Fields(string(out))
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return []string{"GOCACHE=" + values[0], "GOMODCACHE=" + values[1], "GOPATH=" + values[2], "XDG_CACHE_HOME=" + user, "NO_COLOR=1"}
}

// walk is the script. A job of a shell with monitor mode has a process group of
// its own, which an interrupt is sent to as a terminal does.
func walk(t *testing.T, port string) string {
	t.Helper()
	var script strings.Builder
	script.WriteString(`set -euo pipefail
set -m
serving=
stop() {
	[ -z "$serving" ] && return
	kill -INT -- "-$serving"
	code=0
	wait "$serving" || code=$?
	serving=
	# The go command ends with 1 when it is interrupted, whatever it runs does.
	[ "$code" -le 1 ] || { echo "the server ended with $code"; cat "$HOME/serve.log"; exit 1; }
}
trap '[ -z "$serving" ] || kill -KILL -- "-$serving"' EXIT
serve() {
	stop
	"$@" >"$HOME/serve.log" 2>&1 &
	serving=$!
	until grep -q '^ready http' "$HOME/serve.log"; do
		kill -0 "$serving" 2>/dev/null || { cat "$HOME/serve.log"; exit 1; }
		read -rt 0.1 <> <(:) || true
	done
}
`)
	for _, page := range walked() {
		fmt.Fprintf(&script, "echo '== %s'\n", page)
		for _, b := range blocks(read(t, page)) {
			if b.needs != "" {
				continue
			}
			for _, line := range b.lines {
				fmt.Fprintf(&script, "echo %s\n", quoted("$ "+line))
				line = strings.ReplaceAll(line, "8080", port)
				if serving.MatchString(line) {
					line = "serve " + line + " -addr 127.0.0.1:" + port
				}
				script.WriteString(line + "\n")
			}
		}
		script.WriteString("stop\n")
	}
	return script.String()
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
