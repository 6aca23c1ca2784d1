package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// parentPoll is how often the parent is looked for.
const parentPoll = 200 * time.Millisecond

// followParent ends with the go command that runs this program: `go run` takes
// an interrupt and waits, but a SIGTERM or a kill ends it alone.
func followParent(ctx context.Context) context.Context {
	parent := os.Getppid()
	if !isGo(parent) {
		return ctx
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		for os.Getppid() == parent {
			select {
			case <-ctx.Done():
				return
			case <-time.After(parentPoll):
			}
		}
	}()
	return ctx
}

func isGo(pid int) bool {
	name, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
	if err != nil {
		out, err := exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output()
		if err != nil {
			return false
		}
		name = strings.TrimSpace(string(out))
	}
	return filepath.Base(name) == "go"
}
