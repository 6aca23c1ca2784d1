package contract

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"skiff/lambdas"
	"skiff/lambdas/event"
)

// services is a fake of SQS, Secrets Manager and @connections, as far as the
// functions use them.
type services struct {
	url   string
	proxy *proxy

	mutex   sync.Mutex
	harm    func(action string, w http.ResponseWriter, r *http.Request) bool
	sent    []string            // messages on the queue
	secrets map[string]string   // values by ARN
	posted  map[string][]string // the messages that were posted to each connection
	gone    map[string]bool     // connections that have ended
	failing map[string]bool     // connections whose posts get a 500
}

func newServices(t *testing.T, p *proxy) *services {
	s := &services{
		proxy:   p,
		secrets: map[string]string{cursorARN: testSecret + "-cursors", tokenARN: testSecret + "-tokens!"},
		posted:  map[string][]string{}, gone: map[string]bool{}, failing: map[string]bool{},
	}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *services) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	action, of := "execute-api:ManageConnections", lambdas.Resource{Clients: true}
	switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); operation {
	case "SendMessage":
		action, of = "sqs:SendMessage", lambdas.Resource{Queue: "events"}
	case "GetSecretValue":
		action, of = "secretsmanager:GetSecretValue", lambdas.Resource{Secret: "token-key"}
		if strings.Contains(string(body), cursorARN) {
			of = lambdas.Resource{Secret: "cursor-key"}
		}
	}
	s.proxy.note(action + " of the " + of.String())
	s.mutex.Lock()
	harm := s.harm
	s.mutex.Unlock()
	if harm != nil && harm(action, w, r) {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch action {
	case "sqs:SendMessage":
		s.sendMessage(w, body)
	case "secretsmanager:GetSecretValue":
		s.getSecretValue(w, body)
	default:
		s.postToConnection(w, r, body)
	}
}

// sendMessage implements SendMessage.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func (s *services) sendMessage(w http.ResponseWriter, body []byte) {
	var in struct{ QueueUrl, MessageBody string }
	if err := json.Unmarshal(body, &in); err != nil || !strings.HasSuffix(in.QueueUrl, "/"+account+"/events") {
		refuseWith(w, "QueueDoesNotExist")
		return
	}
	s.sent = append(s.sent, in.MessageBody)
	sum := md5.Sum([]byte(in.MessageBody))
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	fmt.Fprintf(w, `{"MessageId":"m","MD5OfMessageBody":%q}`, hex.EncodeToString(sum[:]))
}

// getSecretValue implements GetSecretValue.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
func (s *services) getSecretValue(w http.ResponseWriter, body []byte) {
	var in struct{ SecretId string }
	err := json.Unmarshal(body, &in)
	value, found := s.secrets[in.SecretId]
	if err != nil || !found {
		refuseWith(w, "ResourceNotFoundException")
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	fmt.Fprintf(w, `{"ARN":%q,"SecretString":%q}`, in.SecretId, value)
}

// postToConnection implements a POST to @connections.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
func (s *services) postToConnection(w http.ResponseWriter, r *http.Request, body []byte) {
	escaped, found := strings.CutPrefix(r.URL.EscapedPath(), "/staging/@connections/")
	id, err := url.PathUnescape(escaped)
	switch {
	case r.Method != http.MethodPost || !found || err != nil:
		http.Error(w, `{"message":"Forbidden"}`, http.StatusForbidden)
	case s.gone[id]:
		w.Header().Set("X-Amzn-Errortype", "GoneException")
		w.WriteHeader(http.StatusGone)
		io.WriteString(w, `{"message":null}`)
	case s.failing[id]:
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `{"message":"arn:aws:bad:%s"}`, account)
	default:
		s.posted[id] = append(s.posted[id], string(body))
	}
}

// fault sets a fault, like proxy.fault.
func (s *services) fault(harm func(action string, w http.ResponseWriter, r *http.Request) bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.harm = harm
}

// change changes the state under the lock.
func (s *services) change(f func(*services)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	f(s)
}

// messages returns the messages in the queue, in the order they were sent.
func (s *services) messages() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.sent)
}

// received returns the ids of the events that were posted to a connection.
func (s *services) received(connection string) []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var ids []string
	for _, body := range s.posted[connection] {
		var e event.Event
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return []string{err.Error()}
		}
		ids = append(ids, e.ID)
	}
	return ids
}

// deny denies every call of the action.
func deny(action string) func(string, http.ResponseWriter, *http.Request) bool {
	return func(called string, w http.ResponseWriter, _ *http.Request) bool {
		if called == action {
			refuseWith(w, "AccessDeniedException")
		}
		return called == action
	}
}
