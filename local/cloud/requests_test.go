package cloud

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/dynamodb"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
)

// roundTime is the duration of one round.
const roundTime = time.Second

// BenchmarkRequests compares the local cloud with a floor that runs the same
// binaries. The cloud adds an authorizer, IAM, access logs and function logs.
// Both have a process for each client, as AWS would start. An iteration is a
// round of each; the metrics are the medians of all rounds.
//
//	go test ./local/cloud -run '^$' -bench Requests -benchtime 5x
func BenchmarkRequests(b *testing.B) {
	c, binaries := openBenchmark(b)
	server := httptest.NewUnstartedServer(nil)
	server.Config = c.Gateway()
	server.Start()
	b.Cleanup(server.Close)
	engine, err := c.items.URL(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	env := []string{
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_ENDPOINT_URL_DYNAMODB=" + engine, "TABLE_NAME=items",
	}
	for _, route := range []struct {
		name, path, key string
		status          int
	}{
		{"health", "/health", "GET /health", http.StatusOK},
		{"get-item", "/items/" + strings.Repeat("0", 26), "GET /items/{id}", http.StatusNotFound},
	} {
		for _, clients := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/clients=%d", route.name, clients), func(b *testing.B) {
				f := newFloor(b, filepath.Join(binaries, route.name), route.key, clients, env...)
				floor := &load{url: f.url, path: route.path, status: route.status, clients: clients}
				cloud := &load{url: server.URL, path: route.path, status: route.status, clients: clients}
				for _, l := range []*load{floor, cloud} { // start the processes and fill the caches
					l.round(b)
					l.rates, l.own, l.children = nil, nil, nil
				}
				for b.Loop() {
					floor.round(b)
					cloud.round(b)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(floor.rates), "floor/s")
				b.ReportMetric(median(cloud.rates), "cloud/s")
				b.ReportMetric(median(cloud.rates)/median(floor.rates), "ratio")
				b.ReportMetric(median(floor.own), "floor-µs/request")
				b.ReportMetric(median(cloud.own), "cloud-µs/request")
				b.ReportMetric(median(floor.children), "floor-children-µs/request")
				b.ReportMetric(median(cloud.children), "cloud-children-µs/request")
			})
		}
	}
}

// openBenchmark opens a cloud with an API of two guarded routes, and returns it
// with the folder of the functions' binaries.
func openBenchmark(b *testing.B) (c *Cloud, binaries string) {
	b.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { null.Close() })
	c = openStreams(b, b.TempDir(), null)
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	binaries = b.TempDir()
	for name, source := range map[string]string{"health": "../../lambdas/health", "get-item": "../../lambdas/get-item", "authorize": "../aws/lambda/testdata/function"} {
		build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(binaries, name), source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		zipFile(b, filepath.Join(binaries, name), filepath.Join(binaries, name+".zip"))
	}
	declareRequests(newEngineIn(b, c, binaries))
	return c, binaries
}

// declareRequests creates what a request passes through: an API whose stage
// logs, an authorizer function, two functions with log groups, and the roles.
func declareRequests(e *engine) {
	e.up(dynamodb.Token, "items", map[string]any{
		"name": "items", "hashKey": "id", "billingMode": "PAY_PER_REQUEST", "attributes": []any{map[string]any{"name": "id", "type": "S"}},
	})
	api, out := e.up(apigateway.APIToken, "api", map[string]any{"protocolType": "HTTP"})
	execution := out["executionArn"].(string)
	authorize := e.function("authorize", map[string]any{"ANSWER": `{"isAuthorized":true,"context":{"subject":"someone"}}`})
	authorizer, _ := e.up(apigateway.AuthorizerToken, "request", map[string]any{
		"apiId": api, "authorizerType": "REQUEST", "authorizerUri": authorize, "authorizerPayloadFormatVersion": "2.0",
		"enableSimpleResponses": true, "authorizerResultTtlInSeconds": 300.0, "identitySources": []any{"$request.header.Authorization"},
	})
	e.permit("authorize", execution+"/authorizers/"+authorizer)
	for name, key := range map[string]string{"health": "GET /health", "get-item": "GET /items/{id}"} {
		invoke := e.function(name, map[string]any{"TABLE_NAME": "items"})
		integration, _ := e.up(apigateway.IntegrationToken, name, map[string]any{
			"apiId": api, "integrationType": "AWS_PROXY", "integrationUri": invoke, "payloadFormatVersion": "2.0",
		})
		e.up(apigateway.RouteToken, key, map[string]any{
			"apiId": api, "routeKey": key, "target": "integrations/" + integration, "authorizationType": "CUSTOM", "authorizerId": authorizer,
		})
		e.permit(name, execution+"/*/"+strings.Replace(key, " ", "", 1))
	}
	e.up(logs.Token, "access", map[string]any{"name": "/aws/vendedlogs/api"})
	e.up(apigateway.StageToken, "api", map[string]any{
		"apiId": api, "name": "$default", "autoDeploy": true,
		"accessLogSettings": map[string]any{
			"destinationArn": groupARN,
			"format":         `{"requestId":"$context.requestId","status":"$context.status","route":"$context.routeKey","error":"$context.error.message","subject":"$context.authorizer.subject","latency":"$context.integrationLatency"}`,
		},
	})
}

// function creates a function with its log group and its role, and returns its
// invoke ARN.
func (e *engine) function(name string, variables map[string]any) (invokeARN string) {
	e.t.Helper()
	_, role := e.up(iam.RoleToken, name, map[string]any{
		"name": name, "assumeRolePolicy": `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}`,
	})
	_, group := e.up(logs.Token, name, map[string]any{"name": "/aws/lambda/" + name})
	e.up(iam.RolePolicyToken, name+"-logs", map[string]any{
		"name": "logs", "role": name, "policy": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"` + group["arn"].(string) + `:*"}}`,
	})
	e.up(iam.RolePolicyToken, name+"-items", map[string]any{
		"name": "items", "role": name, "policy": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:` + region + `:` + account + `:table/items"}}`,
	})
	_, f := e.up(lambda.FunctionToken, name, map[string]any{
		"name": name, "role": role["arn"], "handler": "bootstrap", "runtime": "provided.al2023", "timeout": 10.0,
		"code":        map[string]any{"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "h", "path": name + ".zip"},
		"environment": map[string]any{"variables": variables},
	})
	return f["invokeArn"].(string)
}

func (e *engine) permit(function, source string) {
	e.t.Helper()
	e.up(lambda.PermissionToken, function, map[string]any{
		"action": "lambda:InvokeFunction", "function": function, "principal": "apigateway.amazonaws.com", "sourceArn": source,
	})
}

// load is a set of clients that request one URL.
type load struct {
	url, path string
	status    int // expected
	clients   int

	rates []float64 // requests per second, by round

	// Processor time in µs per request, by round: of this process with its
	// clients, and of the functions and the engine.
	own, children []float64
}

// round sends requests for roundTime and records the measurements.
func (l *load) round(b *testing.B) {
	b.Helper()
	var wg sync.WaitGroup
	counts := make([]int, l.clients)
	began := time.Now()
	childrenBefore := childrenTicks()
	own := ownTime(b)
	for i := range counts {
		wg.Go(func() {
			n, err := l.send(began.Add(roundTime))
			if err != nil {
				b.Error(err)
			}
			counts[i] = n
		})
	}
	wg.Wait()
	took, total := time.Since(began), 0
	for _, n := range counts {
		total += n
	}
	const tick = 10_000 // µs
	own = ownTime(b) - own
	l.rates = append(l.rates, float64(total)/took.Seconds())
	l.own = append(l.own, float64(own.Microseconds())/float64(total))
	l.children = append(l.children, float64(childrenTicks()-childrenBefore)*tick/float64(total))
}

// send sends requests in turn over one connection. It does not use http.Client,
// whose work would distort the measurement.
func (l *load) send(until time.Time) (n int, err error) {
	address := strings.TrimPrefix(l.url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	request := []byte("GET " + l.path + " HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer someone\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n")
	answers := bufio.NewReader(conn)
	for time.Now().Before(until) {
		if _, err := conn.Write(request); err != nil {
			return n, err
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			return n, err
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != l.status {
			return n, fmt.Errorf("%s answers %d %s, %v", l.url, answer.StatusCode, body, err)
		}
		n++
	}
	return n, nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
