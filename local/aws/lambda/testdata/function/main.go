// Command function is the bootstrap of the tests. Each event selects what an
// invocation does; MODE selects what happens at the start.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type request struct {
	Do     string `json:"do"`
	Number int    `json:"number"`
	Path   string `json:"path"`
	Text   string `json:"text"`

	// In an HTTP API event, the body is the request.
	Body string `json:"body"`

	// In a queue's event, each message's body is a request. In a stream's
	// event, the attribute do of each new image is one.
	Records []json.RawMessage `json:"Records"`
}

type server struct{ number int }

func main() {
	start(os.Getenv("MODE"))
	s := &server{}
	lambda.Start(s.handle)
}

// start exits, hangs or returns.
func start(mode string) {
	switch mode {
	case "exit":
		os.Exit(0)
	case "exit-127":
		os.Exit(127)
	case "panic":
		panic("init went wrong")
	case "hang":
		time.Sleep(time.Hour)
	case "flaky":
		marker := filepath.Join(os.Getenv("SCRATCH"), "started")
		if _, err := os.Stat(marker); err != nil {
			_ = os.WriteFile(marker, nil, 0o600)
			os.Exit(1)
		}
	case "init-error":
		body := `{"errorMessage":"Runtime startup fails","errorType":"Exception","requestId":"","stackTrace":[]}`
		status, answer := call("POST", "init/error", body)
		fmt.Println("init/error:", status, answer)
		os.Exit(1)
	case "probe":
		probe()
	case "leave":
		_, id := next()
		call("POST", "invocation/"+id+"/response", `"left"`)
		os.Exit(3)
	case "hang-up": // disconnects from /next, then calls it again
		_, id := next()
		call("POST", "invocation/"+id+"/response", `"first"`)
		address, path, _ := strings.Cut(os.Getenv("AWS_LAMBDA_RUNTIME_API"), "/")
		c, err := net.Dial("tcp", address)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(c, "GET /%s/2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", path, address)
		c.Close()
		fmt.Println("hung up")
		_, id = next()
		call("POST", "invocation/"+id+"/response", `"second"`)
		next()
	case "linger": // continues after each answer until a file exists
		for {
			_, id := next()
			call("POST", "invocation/"+id+"/response", `"answered"`)
			for _, err := os.Stat(os.Getenv("GATE")); err != nil; _, err = os.Stat(os.Getenv("GATE")) {
				time.Sleep(time.Millisecond)
			}
			fmt.Println("lingered")
		}
	}
}

func (s *server) handle(ctx context.Context, q request) (any, error) {
	if answer := os.Getenv("ANSWER"); answer != "" { // the answer to every request
		return json.RawMessage(answer), nil
	}
	if q.Do == "" && q.Body != "" {
		if err := json.Unmarshal([]byte(q.Body), &q); err != nil {
			return nil, err
		}
	}
	if len(q.Records) > 0 {
		return s.batch(ctx, q.Records)
	}
	switch q.Do {
	case "describe":
		return describe(ctx), nil
	case "error":
		return nil, errors.New(q.Text)
	case "panic":
		panic(q.Text)
	case "exit":
		os.Exit(q.Number)
	case "abort":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "sleep":
		time.Sleep(time.Duration(q.Number) * time.Millisecond)
	case "wait": // until the named file exists
		fmt.Println("waiting", os.Getpid())
		for {
			if _, err := os.Stat(q.Path); err == nil {
				return os.Getpid(), nil
			}
			time.Sleep(time.Millisecond)
		}
	case "big":
		return strings.Repeat("x", q.Number), nil
	case "print":
		fmt.Print(q.Text)
	case "set":
		s.number = q.Number
	case "get":
		return map[string]int{"number": s.number}, nil
	case "write":
		return nil, os.WriteFile(q.Path, []byte(q.Text), 0o600)
	case "read":
		data, err := os.ReadFile(q.Path)
		return map[string]string{"content": string(data)}, err
	case "raw":
		return json.RawMessage(q.Text), nil
	case "fork":
		cmd := exec.Command("/bin/sleep", "600")
		cmd.Stdout = os.Stdout
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		return cmd.Process.Pid, nil
	}
	return nil, nil
}

// batch prints each record and runs its request. "fail" reports the record as
// failed; "answer" sets the answer to the whole batch.
func (s *server) batch(ctx context.Context, records []json.RawMessage) (any, error) {
	type failure struct {
		ItemIdentifier string `json:"itemIdentifier"`
	}
	failures := []failure{}
	var answer json.RawMessage
	for _, data := range records {
		fmt.Printf("record %s\n", data)
		var r struct {
			MessageID, Body string
			Dynamodb        struct {
				SequenceNumber string
				NewImage       struct{ Do struct{ S string } }
			}
		}
		var q request
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, err
		}
		if d := r.Dynamodb; d.SequenceNumber != "" {
			r.MessageID, r.Body = d.SequenceNumber, d.NewImage.Do.S
		}
		if err := json.Unmarshal([]byte(r.Body), &q); err != nil {
			return nil, err
		}
		switch q.Do {
		case "fail":
			failures = append(failures, failure{r.MessageID})
		case "answer":
			answer = json.RawMessage(q.Text)
		default:
			if _, err := s.handle(ctx, q); err != nil {
				return nil, err
			}
		}
	}
	if answer != nil {
		return answer, nil
	}
	return map[string]any{"batchItemFailures": failures}, nil
}

func describe(ctx context.Context) map[string]any {
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	dir, _ := os.Getwd()
	env := map[string]string{}
	for _, e := range os.Environ() {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	return map[string]any{
		"pid": os.Getpid(), "dir": dir, "env": env, "requestId": lc.AwsRequestID, "arn": lc.InvokedFunctionArn,
		"leftMs": time.Until(deadline).Milliseconds(), "local": time.Local.String(),
	}
}

// probe breaks the rules of the Runtime API. It answers the first invocation
// with the statuses of its calls, and the second with the statuses of a late
// second answer.
func probe() {
	var seen []string
	try := func(method, path, body string) {
		status, answer := call(method, path, body)
		seen = append(seen, fmt.Sprintf("%d %s", status, answer))
	}
	try("POST", "invocation/none/response", `1`)
	try("GET", "nonsense", "")
	_, id := next()
	try("POST", "invocation/none/response", `1`)
	try("GET", "invocation/next", "")
	try("POST", "init/error", `{}`)
	out, _ := json.Marshal(seen)
	call("POST", "invocation/"+id+"/response", string(out))

	seen = nil
	try("POST", "invocation/"+id+"/response", `2`)
	try("POST", "invocation/"+id+"/error", `{}`)
	old := id
	_, id = next()
	try("POST", "invocation/"+old+"/response", `3`)
	out, _ = json.Marshal(seen)
	call("POST", "invocation/"+id+"/response", string(out))
	next()
}

func next() (string, string) {
	res, err := http.Get(base() + "invocation/next")
	if err != nil {
		os.Exit(9)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return string(body), res.Header.Get("Lambda-Runtime-Aws-Request-Id")
}

func call(method, path, body string) (int, string) {
	req, _ := http.NewRequest(method, base()+path, strings.NewReader(body))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		os.Exit(9)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, strings.TrimSpace(string(answer))
}

func base() string { return "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/" }
