package websocket

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/coder/websocket"

	"skiff/local/aws/apigateway/payload"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
)

// maxBodyTime limits how long a function may take to send a post. AWS documents
// no value.
const maxBodyTime = 30 * time.Second

var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{15}=$`)

// manage answers a call of @connections
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html).
func (g *Gateway) manage(w http.ResponseWriter, r *http.Request, s Stage, id string) {
	w.Header().Set("X-Amzn-RequestId", payload.NewID())
	// The error is ignored: a test's recorder has no connection, and so no
	// deadline.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(maxBodyTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		fail(w, http.StatusRequestEntityTooLarge, "PayloadTooLargeException", "Message too long")
		return
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "BadRequestException", "the request ends early: "+err.Error())
		return
	}
	if err := g.permit(r, s, body); err != nil {
		deny(w, err)
		return
	}
	// An id that does not have AWS's form is a bad request
	// (https://github.com/localstack/localstack/issues/4694). The text is not
	// recorded.
	if !idForm.MatchString(id) {
		fail(w, http.StatusBadRequest, "BadRequestException", "Invalid connectionId: "+id)
		return
	}
	c, ok := g.connection(s, id)
	if !ok {
		gone(w)
		return
	}
	switch r.Method {
	case http.MethodPost:
		c.post(w, body)
	case http.MethodGet:
		c.describe(w)
	case http.MethodDelete:
		c.remove(w)
	}
}

// Operations returns the operations of @connections
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html).
func Operations() []string {
	return []string{"DeleteConnection", "GetConnection", "PostToConnection"}
}

// permit authenticates the caller and authorizes the call. The resource has no
// connection id but still a place for it, as in every recorded denial.
func (g *Gateway) permit(r *http.Request, s Stage, body []byte) error {
	caller, err := g.options.Authority.Authenticate(r, body)
	if err != nil {
		return err
	}
	if caller.Region != s.Region {
		return awserr.New("InvalidSignatureException", "Credential should be scoped to a valid region.")
	}
	switch r.Method {
	case http.MethodPost, http.MethodGet, http.MethodDelete:
	default: // not recorded
		return awserr.New("ForbiddenException", "Forbidden")
	}
	return g.options.Authority.Authorize(caller, iam.Request{
		Action: "execute-api:ManageConnections", Resource: s.arn(r.Method + "/@connections/{connectionId}"),
	})
}

// post sends a message to the client. AWS sends text frames. That invalid UTF-8
// becomes replacement characters is reported, not recorded.
func (c *connection) post(w http.ResponseWriter, body []byte) {
	if err := c.send(bytes.ToValidUTF8(body, []byte("\uFFFD"))); err != nil {
		gone(w)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (c *connection) describe(w http.ResponseWriter) {
	c.mu.Lock()
	lastActive := c.lastActive
	c.mu.Unlock()
	// The identity always has both members, because the API's model requires
	// them, even if the client sent no user agent.
	writeJSON(w, http.StatusOK, map[string]any{
		"connectedAt": millis(c.connectedAt), "lastActiveAt": millis(lastActive),
		"identity": map[string]string{"sourceIp": sourceIP(c.request), "userAgent": c.request.UserAgent()},
	})
}

// remove answers immediately, without waiting for the client's close frame. The
// code and the reason are recorded (https://github.com/boto/boto3/issues/3789).
func (c *connection) remove(w http.ResponseWriter) {
	code, reason := websocket.StatusNormalClosure, "Connection Closed Normally"
	if c.settle(code, reason) {
		go c.hangUp(code, reason)
	}
	w.WriteHeader(http.StatusNoContent)
}

func gone(w http.ResponseWriter) { fail(w, http.StatusGone, "GoneException", "Gone") }

// deny answers a call that is not allowed: 403, with the member Message in
// upper case, as recorded.
func deny(w http.ResponseWriter, err error) {
	if denied, ok := errors.AsType[*iam.Denied](err); ok {
		w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException")
		writeJSON(w, http.StatusForbidden, map[string]string{"Message": denied.Error()})
		return
	}
	if unsigned, ok := errors.AsType[*awserr.Error](err); ok {
		fail(w, http.StatusForbidden, unsigned.Code, unsigned.Message)
		return
	}
	fail(w, http.StatusInternalServerError, "InternalServerErrorException", err.Error())
}

// fail answers in the REST JSON protocol, which names the error in a header.
func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amzn-ErrorType", code)
	writeJSON(w, status, map[string]string{"message": message})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may be gone
}
