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

// parentPoll is the interval at which the parent is checked.
const parentPoll = 200 * time.Millisecond

// followParent returns a context that ends when the parent `go run` ends. The
// go command waits after an interrupt, but SIGTERM and SIGKILL end only the go
// command.
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
