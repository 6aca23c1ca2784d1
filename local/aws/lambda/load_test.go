package lambda_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"skiff/local/aws/lambda"
)

// TestManyClients runs 200 clients that call a function that takes 50 ms. No
// call fails at the default limit of 1,000, as on AWS. A limit below 200
// throttles calls and causes no other error. No process, goroutine or file is
// left. The test is not parallel, because it counts all goroutines.
func TestManyClients(t *testing.T) {
	const clients, calls = 200, 2
	for _, limit := range []int{0, 20} {
		before, files := runtime.NumGoroutine(), openFiles()
		r, err := lambda.NewRuntime(lambda.Options{Concurrency: limit, InitTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		f := &fixture{Runtime: r, lines: map[string][]string{}}
		v := lambda.Version{ID: "1", Name: "tester", Dir: codeDir, Handler: "bootstrap", MemoryMB: 128, Timeout: 30 * time.Second, Reserved: -1, Log: f.log}
		var mu sync.Mutex
		var served, throttled int
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for range calls {
					result, err := r.Invoke(t.Context(), v, []byte(`{"do":"sleep","number":50}`))
					mu.Lock()
					switch {
					case errors.Is(err, lambda.ErrThrottled) && limit > 0:
						throttled++
					case err != nil || result.FunctionError != "":
						t.Errorf("limit %d: %s %s, %v", limit, result.FunctionError, result.Payload, err)
					default:
						served++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if n := r.Sandboxes("tester"); n > clients || limit > 0 && n > limit {
			t.Errorf("limit %d: %d processes", limit, n)
		}
		if served+throttled != clients*calls || limit > 0 && (throttled == 0 || served < limit) {
			t.Errorf("limit %d: %d served and %d throttled of %d", limit, served, throttled, clients*calls)
		}
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if n := r.Sandboxes("tester"); n != 0 {
			t.Errorf("limit %d: %d processes are left", limit, n)
		}
		eventually(t, "the goroutines of before", func() bool { return runtime.NumGoroutine() <= before })
		eventually(t, "the files of before", func() bool { return openFiles() <= files })
	}
}

// openFiles returns how many files this process has open; 0 on systems other
// than Linux.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/" + strconv.Itoa(os.Getpid()) + "/fd")
	return len(entries)
}
