package cloud

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A floor is the least that can run a function behind HTTP. It makes a payload
// 2.0 event of a request and passes it over a Runtime API to one of several
// processes. It checks, logs and stores nothing.
type floor struct {
	url   string
	route string
	work  chan *floorCall
	calls sync.Map // those running, by request id
	last  atomic.Int64
}

type floorCall struct {
	event  []byte
	answer chan []byte
}

// newFloor serves a route with n processes of a binary.
func newFloor(b *testing.B, binary, route string, n int, env ...string) *floor {
	b.Helper()
	f := &floor{route: route, work: make(chan *floorCall)}
	f.url = f.serve(b, http.HandlerFunc(f.request))
	api := http.NewServeMux()
	api.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.next)
	api.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", f.response)
	address := strings.TrimPrefix(f.serve(b, api), "http://")
	for range n {
		cmd := exec.Command(binary)
		cmd.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+address)
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			cmd.Process.Kill()
			cmd.Wait()
		})
	}
	return f
}

func (f *floor) serve(b *testing.B, h http.Handler) (url string) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go s.Serve(l)
	b.Cleanup(func() { s.Close() })
	return "http://" + l.Addr().String()
}

func (f *floor) request(w http.ResponseWriter, r *http.Request) {
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	event, err := json.Marshal(map[string]any{
		"version": "2.0", "routeKey": f.route, "rawPath": r.URL.Path, "rawQueryString": r.URL.RawQuery, "headers": headers,
		"pathParameters": map[string]string{"id": r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]},
		"requestContext": map[string]any{
			"accountId": account, "apiId": "api", "routeKey": f.route, "stage": "$default", "requestId": "floor", "domainName": r.Host,
			"authorizer": map[string]any{"lambda": map[string]string{"subject": "someone"}},
			"http":       map[string]string{"method": r.Method, "path": r.URL.Path, "protocol": r.Proto, "sourceIp": "127.0.0.1", "userAgent": r.UserAgent()},
		},
		"isBase64Encoded": false,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	c := &floorCall{event, make(chan []byte, 1)}
	f.work <- c
	var answer struct {
		StatusCode int
		Headers    map[string]string
		Body       string
	}
	if err := json.Unmarshal(<-c.answer, &answer); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.StatusCode)
	io.WriteString(w, answer.Body)
}

func (f *floor) next(w http.ResponseWriter, r *http.Request) {
	select {
	case c := <-f.work:
		id := strconv.FormatInt(f.last.Add(1), 10)
		f.calls.Store(id, c)
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", "4102444800000")
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+region+":"+account+":function:floor")
		w.Write(c.event)
	case <-r.Context().Done():
	}
}

func (f *floor) response(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	c, found := f.calls.LoadAndDelete(r.PathValue("id"))
	if err != nil || !found {
		http.Error(w, "no such invocation", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	c.(*floorCall).answer <- data
}

// ownTime returns the processor time that this process has used.
func ownTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// childrenTicks returns the processor time of this process's children, in clock
// ticks of 10 ms. It reads /proc, so it is 0 except on Linux.
func childrenTicks() (ticks int) {
	processes, _ := os.ReadDir("/proc")
	self := strconv.Itoa(os.Getpid())
	for _, p := range processes {
		stat, err := os.ReadFile("/proc/" + p.Name() + "/stat")
		if err != nil {
			continue
		}
		// The name of the command ends with the last parenthesis: see proc(5).
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if string(fields[1]) != self {
			continue
		}
		for _, field := range fields[11:13] { // utime, stime
			n, _ := strconv.Atoi(string(field))
			ticks += n
		}
	}
	return ticks
}
