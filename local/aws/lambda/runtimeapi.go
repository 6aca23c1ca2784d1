package lambda

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// The Runtime API as of https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html,
// below a path segment that tells sandboxes apart. The texts of the errors are
// those of aws-lambda-runtime-interface-emulator (Apache-2.0).

const apiVersion = "2018-06-01"

func (r *Runtime) serveAPI(w http.ResponseWriter, req *http.Request) {
	id, path, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	r.mu.Lock()
	s := r.sandboxes[id]
	r.mu.Unlock()
	call, found := strings.CutPrefix(path, apiVersion+"/runtime/")
	if s == nil || !found {
		http.NotFound(w, req)
		return
	}
	parts := strings.Split(call, "/")
	switch {
	case req.Method == http.MethodGet && call == "invocation/next":
		r.serveNext(w, req, s)
	case req.Method == http.MethodPost && call == "init/error":
		r.serveInitError(w, req, s)
	case req.Method == http.MethodPost && len(parts) == 3 && parts[0] == "invocation" && (parts[2] == "response" || parts[2] == "error"):
		r.serveAnswer(w, req, s, parts[1], parts[2] == "error")
	default:
		http.NotFound(w, req)
	}
}

// serveNext ends the current invocation, if it is answered, and waits for
// another one. There is no time limit: an idle process hangs here.
func (r *Runtime) serveNext(w http.ResponseWriter, req *http.Request, s *sandbox) {
	r.mu.Lock()
	inv := s.current
	unanswered := inv != nil && inv.delivered && inv.answer == nil
	if s.ending || s.parked || unanswered {
		r.mu.Unlock()
		refuseState(w, "Ready")
		return
	}
	s.parked = true
	var finished *invocation
	if inv != nil && inv.delivered {
		finished, s.current = inv, nil
		inv.timer.Stop()
		r.withdraw(s)
	}
	first := !s.started
	s.started = true
	r.mu.Unlock()

	if first {
		close(s.ready)
	}
	if finished != nil {
		s.finish(finished)
	}
	r.awaitWork(w, req, s)
}

func (r *Runtime) awaitWork(w http.ResponseWriter, req *http.Request, s *sandbox) {
	select {
	case inv := <-s.work:
		r.mu.Lock()
		s.parked, inv.delivered = false, true
		r.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", inv.version.ARN)
		h.Set("Lambda-Runtime-Trace-Id", inv.trace)
		h.Set("Content-Length", strconv.Itoa(len(inv.payload)))
		_, _ = w.Write(inv.payload)
	case <-req.Context().Done():
		r.mu.Lock()
		s.parked = false
		r.mu.Unlock()
	case <-s.ended:
	}
}

// serveAnswer takes the response or the error of the current invocation.
func (r *Runtime) serveAnswer(w http.ResponseWriter, req *http.Request, s *sandbox, id string, isError bool) {
	r.mu.Lock()
	inv := s.current
	known := inv != nil && inv.delivered && inv.id == id
	free := known && !inv.answering && inv.answer == nil && !s.ending
	if free {
		inv.answering = true
	}
	r.mu.Unlock()
	switch {
	case !known:
		apiError(w, http.StatusBadRequest, failure{"InvalidRequestID", "Invalid request ID"})
		return
	case !free && isError:
		refuseState(w, "InvocationErrorResponse")
		return
	case !free:
		refuseState(w, "InvocationResponse")
		return
	}

	body, err := readAnswer(req.Body)
	answer := &Result{Payload: body}
	switch {
	case errors.Is(err, errTooLarge):
		answer = new(responseTooLarge())
	case err != nil:
		answer = nil // the connection broke; the process may try again or exit
	case isError:
		answer.FunctionError = unhandled
	case req.Trailer.Get("Lambda-Runtime-Function-Error-Type") != "":
		answer = trailerError(req.Trailer, body)
	}
	s.output.flush() // a caller that has the answer finds the lines before it in the log
	r.mu.Lock()
	if s.current == inv { // else its process has ended meanwhile, and it is settled
		inv.answering = false
		if answer != nil && !s.ending {
			r.publish(s, inv, answer)
		}
	}
	r.mu.Unlock()
	switch {
	case errors.Is(err, errTooLarge):
		apiError(w, http.StatusRequestEntityTooLarge, failure{"RequestEntityTooLarge",
			"Exceeded maximum allowed payload size (" + strconv.Itoa(MaxResponseBytes) + " bytes)."})
	case err != nil:
		apiError(w, http.StatusBadRequest, failure{"InvalidRequest", "cannot read the body"})
	default:
		accepted(w)
	}
}

// trailerError is the error of a function whose answer broke off while it was
// sent: the runtime says so in trailers, with the error as base64.
func trailerError(trailer http.Header, body []byte) *Result {
	detail, err := base64.StdEncoding.DecodeString(trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err != nil || len(detail) == 0 {
		detail = body
	}
	return &Result{Payload: detail, FunctionError: unhandled}
}

// serveInitError takes the reason of a runtime that cannot start. The process
// is expected to exit then.
func (r *Runtime) serveInitError(w http.ResponseWriter, req *http.Request, s *sandbox) {
	body, err := readAnswer(req.Body)
	if err != nil {
		apiError(w, http.StatusBadRequest, failure{"InvalidRequest", "cannot read the body"})
		return
	}
	r.mu.Lock()
	late := s.started || s.initError != nil
	if !late {
		s.initError = body
	}
	r.mu.Unlock()
	if late {
		refuseState(w, "InitError")
		return
	}
	accepted(w)
}

var errTooLarge = errors.New("payload is above the limit")

// readAnswer reads a body up to MaxResponseBytes. What is above is read and
// dropped, up to a bound, so that the process can read the refusal.
func readAnswer(body io.Reader) ([]byte, error) {
	const drop = 64 << 20
	data, err := io.ReadAll(io.LimitReader(body, MaxResponseBytes+1))
	if err == nil && len(data) > MaxResponseBytes {
		_, _ = io.CopyN(io.Discard, body, drop)
		return nil, errTooLarge
	}
	return data, err
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`+"\n")
}

func refuseState(w http.ResponseWriter, to string) {
	apiError(w, http.StatusForbidden, failure{"InvalidStateTransition",
		"State transition to " + to + " failed for runtime. Error: State transition is not allowed"})
}

func apiError(w http.ResponseWriter, status int, f failure) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(f))
}
