package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var soakTime = flag.Duration("soak", 0, "how long TestSoak works and kills, such as 30m")

// The parts that a soak kills, and its load. The last quarter of the time does
// not kill the program, so that its leaks show.
const (
	killFunction = "function"
	killStore    = "store"
	killProgram  = "program"

	soakWorkers   = 8
	soakListeners = 2
	killEvery     = 3 * time.Second // on average
)

// TestSoak runs several clients on the stack while it kills functions, the
// store and the whole program. At the end each acknowledged write is there
// once, all of its events were delivered, and no process or file is left.
//
//	go test ./local -run TestSoak -soak 30m -timeout 1h -v
func TestSoak(t *testing.T) {
	if *soakTime == 0 {
		t.Skip("set the duration of the soak: go test ./local -run TestSoak -soak 30m -timeout 1h -v")
	}
	needs(t, sample()...)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s := &soak{t: t, state: t.TempDir(), counts: map[string]int{}, recoveries: map[string][]time.Duration{}, received: map[string]int{}}
	s.start()
	stop := make(chan struct{})
	var work, listen sync.WaitGroup
	workers := make([]*soakWorker, soakWorkers)
	for i := range workers {
		workers[i] = &soakWorker{soak: s, number: i, random: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(i)))}
		work.Go(func() { workers[i].run(stop) })
	}
	for range soakListeners {
		listen.Go(func() { s.listen(stop) })
	}
	began := time.Now()
	s.kills(began.Add(*soakTime*3/4), killFunction, killStore, killProgram)
	before := s.footprint()
	s.kills(began.Add(*soakTime), killFunction, killStore)
	close(stop)
	work.Wait()
	s.checkItems(workers)
	s.checkEvents(workers)
	s.client.receives(t, s.sockets)
	listen.Wait()
	s.checkFootprint(before, s.footprint())
	s.server.cmd.Process.Signal(syscall.SIGQUIT) // it prints its goroutines and ends
	<-s.server.ended
	s.checkGoroutines(before.processes)
	nothingLeft(t, s.state, s.server.url)
	s.checkFiles(temp)
	s.report(time.Since(began))
}

// A soak is one stack under load.
type soak struct {
	t       *testing.T
	state   string
	server  *server
	sockets string // URL of the WebSocket API

	mu         sync.Mutex
	client     client
	up         chan struct{} // closed while the program serves
	counts     map[string]int
	recoveries map[string][]time.Duration // by the killed part
	received   map[string]int             // number of events received, by id
	killed     time.Time                  // time of the last kill
}

// start serves the stack, for the first time or after a kill.
func (s *soak) start() {
	s.t.Helper()
	s.server = serving(s.t, "..", "-state", s.state)
	flags := []string{"-C", "..", "-state", s.state}
	c := newClient(s.t, s.server, flags...)
	c.http = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * soakWorkers}}
	sockets := strings.TrimSpace(mustLocal(s.t, append(flags, "pulumi", "stack", "output", "socketUrl")...))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client, s.sockets, s.up = c, sockets, make(chan struct{})
	close(s.up)
}

// connected returns the client, once the program serves.
func (s *soak) connected() client {
	for {
		s.mu.Lock()
		c, up := s.client, s.up
		s.mu.Unlock()
		select {
		case <-up:
			return c
		case <-time.After(every):
		}
	}
}

func (s *soak) count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
}

// kills kills parts until the given time.
func (s *soak) kills(until time.Time, kinds ...string) {
	for {
		wait := time.Duration(rand.Int64N(int64(2 * killEvery)))
		if time.Now().Add(wait).After(until) {
			<-time.After(time.Until(until))
			return
		}
		<-time.After(wait)
		kind := killFunction
		switch n := rand.IntN(100); {
		case n < 20 && slices.Contains(kinds, killProgram):
			kind = killProgram
		case n < 45:
			kind = killStore
		}
		if s.kill(kind) {
			s.count("killed " + kind)
		}
	}
}

// kill sends SIGKILL to a part, and waits until a request succeeds again. It
// returns false if there was nothing to kill.
func (s *soak) kill(kind string) bool {
	began := time.Now()
	if kind == killProgram {
		s.mu.Lock()
		s.up = make(chan struct{})
		s.mu.Unlock()
		s.server.kill()
		s.start()
	} else {
		var found []process
		for _, p := range processes(s.t, s.state) {
			isStore := strings.Contains(p.command, "items.db")
			if isStore == (kind == killStore) && (isStore || strings.Contains(p.command, string(filepath.Separator)+"code"+string(filepath.Separator))) {
				found = append(found, p)
			}
		}
		if len(found) == 0 {
			return false
		}
		_ = syscall.Kill(found[rand.IntN(len(found))].pid, syscall.SIGKILL)
		s.mu.Lock()
		s.killed = time.Now()
		s.mu.Unlock()
	}
	for c := s.connected(); ; {
		if a, err := c.send(http.MethodGet, "/items?status=active&limit=1", ""); err == nil && a.status == http.StatusOK {
			break
		}
		if time.Since(began) > startLimit {
			s.t.Fatalf("no answer %s after the kill of a %s\n%s", startLimit, kind, s.server.errors())
		}
		<-time.After(every)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recoveries[kind] = append(s.recoveries[kind], time.Since(began))
	return true
}

// killedSince reports whether a function or the store was killed after began.
func (s *soak) killedSince(began time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.killed.After(began)
}

// A footprint is the system resources that the program holds.
type footprint struct{ files, threads, processes int }

func (s *soak) footprint() footprint {
	pid := fmt.Sprint("/proc/", s.server.cmd.Process.Pid)
	files, _ := os.ReadDir(pid + "/fd")
	threads, _ := os.ReadDir(pid + "/task")
	return footprint{len(files), len(threads), len(processes(s.t, s.state))}
}

// checkFootprint compares two footprints. Each running function has a pipe,
// some connections and an open file.
func (s *soak) checkFootprint(before, after footprint) {
	s.counts["files before"], s.counts["files after"] = before.files, after.files
	s.counts["processes before"], s.counts["processes after"] = before.processes, after.processes
	s.counts["threads before"], s.counts["threads after"] = before.threads, after.threads
	more := max(0, after.processes-before.processes)
	if after.files > before.files+8*more+64 {
		s.t.Errorf("%d files are open, %d before, with %d processes more", after.files, before.files, more)
	}
	if after.threads > before.threads+32+2*more { // one thread waits for each process
		s.t.Errorf("there are %d threads, %d before", after.threads, before.threads)
	}
}

// checkGoroutines counts the goroutines that SIGQUIT printed.
func (s *soak) checkGoroutines(functions int) {
	n := strings.Count(s.server.errors(), "\ngoroutine ")
	s.counts["goroutines at the end"] = n
	if n == 0 || n > 100+20*functions {
		s.t.Errorf("%d goroutines with %d processes\n%s", n, functions, s.server.errors())
	}
}

// checkFiles checks that no temporary file is left, except files of a killed go
// command.
func (s *soak) checkFiles(temp string) {
	var left []string
	for _, pattern := range []string{filepath.Join(temp, "*"), filepath.Join(s.state, "code", "unpack-*"), filepath.Join(s.state, "*.tmp*")} {
		found, _ := filepath.Glob(pattern)
		left = append(left, found...)
	}
	for _, name := range left {
		if base := filepath.Base(name); !strings.HasPrefix(base, "go-") && !strings.HasPrefix(base, "local-test-") && !strings.HasPrefix(base, "TestSoak") {
			s.t.Errorf("left: %s", name)
		}
	}
}

func (s *soak) report(took time.Duration) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s of work and kills\n", took.Round(time.Second))
	for _, what := range slices.Sorted(maps.Keys(s.counts)) {
		fmt.Fprintf(&out, "%8d %s\n", s.counts[what], what)
	}
	for _, kind := range slices.Sorted(maps.Keys(s.recoveries)) {
		all := s.recoveries[kind]
		slices.Sort(all)
		fmt.Fprintf(&out, "after the kill of a %s an answer came in %s (median), %s (longest)\n", kind,
			all[len(all)/2].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
	}
	s.t.Log(out.String())
}
