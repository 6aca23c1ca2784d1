package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// BenchmarkEngine brings up and destroys stacks of 10, 100 and 300 functions,
// with nine resources each. It reports wall and CPU seconds of each command.
// -count makes several runs, for a median:
//
//	go test ./local -run NONE -bench Engine -benchtime 1x -count 3 -timeout 2h
//
// With PULUMI_SKIP_CHECKPOINTS=false in the environment, it measures with
// Pulumi's checkpoints.
func BenchmarkEngine(b *testing.B) {
	for _, functions := range []int{10, 100, 300} {
		b.Run(fmt.Sprint(functions), func(b *testing.B) {
			for range b.N {
				life(b, functions)
			}
		})
	}
}

// life brings one stack up and down.
func life(b *testing.B, functions int) {
	m := newMany(b, functions)
	m.timed(b, "preview", "preview") // it compiles the program
	m.timed(b, "up", "up", "--yes", "--skip-preview")
	m.timed(b, "same", "up", "--yes", "--skip-preview")
	m.set(b, map[string]any{"first": 256})
	m.timed(b, "one", "up", "--yes", "--skip-preview")
	m.set(b, map[string]any{"first": 0, "memory": 512})
	m.timed(b, "all", "up", "--yes", "--skip-preview")
	m.timed(b, "destroy", "destroy", "--yes", "--skip-preview")
}

// timed runs one Pulumi command and reports the time of all its processes.
func (m many) timed(b *testing.B, name string, args ...string) {
	b.Helper()
	binary, err := program()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(binary, m.args(append([]string{"pulumi"}, args...)...)...)
	cmd.Env = os.Environ()
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("pulumi %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	b.ReportMetric(time.Since(began).Seconds(), name+"-s")
	// UserTime and SystemTime include waited-for children.
	b.ReportMetric((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), name+"-cpu-s")
}
