package cloud

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"skiff/local/aws/apigateway"
)

// TestDoors sends requests in turn to an API, a WebSocket API, the queues and
// an unknown path. It checks that none of them answers to a foreign host name.
func TestDoors(t *testing.T) {
	t.Parallel()
	c := openCloud(t)
	e := newEngine(t, c)
	api, _ := e.up(apigateway.APIToken, "api", map[string]any{"protocolType": "HTTP"})
	e.up(apigateway.StageToken, "api", map[string]any{"apiId": api, "name": "$default", "autoDeploy": true})
	sockets, _ := e.up(apigateway.APIToken, "sockets", map[string]any{"protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"})
	e.up(apigateway.RouteToken, "connect", map[string]any{"apiId": sockets, "routeKey": "$connect"})
	deployment, _ := e.up(apigateway.DeploymentToken, "sockets", map[string]any{"apiId": sockets})
	e.up(apigateway.StageToken, "sockets", map[string]any{"apiId": sockets, "name": "live", "deploymentId": deployment})
	server := httptest.NewServer(c.Gateway().Handler)
	t.Cleanup(server.Close)

	for _, test := range []struct {
		method, path, host, target string
		want                       int
		header                     string // expected in the answer
	}{
		{"GET", "/", "localhost", "", 404, "Apigw-Requestid"},
		{"GET", "/_apis/" + sockets + "/live", "localhost", "", 426, "X-Amzn-Requestid"},
		{"GET", "/_apis/" + sockets + "/dead", "localhost", "", 403, "Apigw-Requestid"},
		{"POST", "/_queues/000000000000/q", "localhost", "AmazonSQS.GetQueueAttributes", 400, "Content-Type"},
		{"POST", "/", "localhost", "AmazonSQS.GetQueueAttributes", 400, "Content-Type"},
		{"GET", "/", "evil.example", "", 403, "Apigw-Requestid"},
		{"GET", "/_apis/" + sockets + "/live", "evil.example", "", 403, "Apigw-Requestid"},
		{"POST", "/_queues/000000000000/q", "evil.example", "AmazonSQS.GetQueueAttributes", 403, "Apigw-Requestid"},
		{"POST", "/", "evil.example", "AmazonSQS.GetQueueAttributes", 403, "Apigw-Requestid"},
	} {
		r, err := http.NewRequest(test.method, server.URL+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = test.host
		if test.target != "" {
			r.Header.Set("X-Amz-Target", test.target)
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAX/20261129/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0")
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != test.want || res.Header.Get(test.header) == "" {
			t.Errorf("%s %s on %s: %d %s %v %v, want %d with %s", test.method, test.path, test.host, res.StatusCode, body, res.Header, err, test.want, test.header)
		}
		if foreign := strings.Contains(string(body), "the host is neither this machine"); foreign != (test.host == "evil.example") {
			t.Errorf("%s %s on %s says %s", test.method, test.path, test.host, body)
		}
	}
}
