package lambda

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// The Runtime API of
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. The first
// path segment is the id of the sandbox. The error messages are from
// aws-lambda-runtime-interface-emulator (Apache-2.0).

const apiVersion = "2018-06-01"

func (r *Runtime) serveAPI(w *apiAnswer, req *http.Request) {
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
		r.serveNext(w, s)
	case req.Method == http.MethodPost && call == "init/error":
		r.serveInitError(w, req, s)
	case req.Method == http.MethodPost && len(parts) == 3 && parts[0] == "invocation" && (parts[2] == "response" || parts[2] == "error"):
		r.serveAnswer(w, req, s, parts[1], parts[2] == "error")
	default:
		http.NotFound(w, req)
	}
}

// serveNext ends the current invocation, if it is answered, and waits for the
// next one. There is no time limit: an idle process waits here.
func (r *Runtime) serveNext(w *apiAnswer, s *sandbox) {
	r.mu.Lock()
	inv := s.current
	unanswered := inv != nil && inv.delivered && inv.answer == nil
	if s.ending || s.parked != nil && !s.parked.isGone() || unanswered {
		r.mu.Unlock()
		refuseState(w, "Ready")
		return
	}
	s.parked = w
	var finished *invocation
	if inv != nil && inv.delivered {
		finished, s.current = inv, nil
		inv.timer.Stop()
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
	r.awaitWork(w, s)
}

func (r *Runtime) awaitWork(w *apiAnswer, s *sandbox) {
	var inv *invocation
	select {
	case inv = <-s.work:
	case <-s.ended:
		return
	}
	r.mu.Lock()
	gone := w.isGone()
	if s.parked == w {
		s.parked = nil
	}
	inv.delivered = !gone
	r.mu.Unlock()
	if gone { // the process calls again or ends
		s.work <- inv
		return
	}
	w.header.Set("Content-Type", "application/json")
	w.header.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	w.header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
	w.header.Set("Lambda-Runtime-Invoked-Function-Arn", inv.version.ARN)
	w.header.Set("Lambda-Runtime-Trace-Id", inv.trace)
	w.body = inv.payload
}

// serveAnswer handles the response or the error of the current invocation.
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
		answer = nil // the connection broke; the process may retry or exit
	case isError:
		answer.FunctionError = unhandled
	case req.Trailer.Get("Lambda-Runtime-Function-Error-Type") != "":
		answer = trailerError(req.Trailer, body)
	}
	s.output.flush() // the caller must find the lines before the answer in the log
	r.mu.Lock()
	if s.current == inv { // otherwise the process has ended and watch settles the invocation
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

// trailerError returns the error of a function whose response was interrupted.
// The runtime sends it in trailers, with the error as base64.
func trailerError(trailer http.Header, body []byte) *Result {
	detail, err := base64.StdEncoding.DecodeString(trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err != nil || len(detail) == 0 {
		detail = body
	}
	return &Result{Payload: detail, FunctionError: unhandled}
}

// serveInitError handles a runtime's init error. The process should then exit.
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

// readAnswer reads a body of up to MaxResponseBytes. It reads and drops the
// rest of a larger body, up to a limit, so that the process can read the error
// response.
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
