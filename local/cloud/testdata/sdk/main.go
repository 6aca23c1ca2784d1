// Command sdk calls each service that functions can call, with clients as most
// code makes them. It prints one line of JSON for each. RESOURCES names the
// resources to use.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

// there holds the resources that the test has created.
type there struct {
	Table, Stream, Queue, Bucket, Parameter, Secret, Connections string
	Function, Topic, Messages, Events                            string
}

// A round trip calls one service and returns the answer.
type roundTrip func(ctx context.Context, cfg aws.Config, there there) (string, error)

// result is a line of the output.
type result struct {
	Service string `json:"service"`
	Value   string `json:"value,omitempty"`
	Error   string `json:"error,omitempty"`
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var resources there
	if err := json.Unmarshal([]byte(os.Getenv("RESOURCES")), &resources); err != nil {
		return err
	}
	var others []string // hosts other than this machine
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if host, _, _ := net.SplitHostPort(addr); host != "127.0.0.1" {
				others = append(others, host)
			}
			return dial(ctx, network, addr)
		}
	})
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client), config.WithRetryMaxAttempts(1))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for service, call := range calls() {
		line := result{Service: service}
		if line.Value, err = call(ctx, cfg, resources); err != nil {
			line.Error = err.Error()
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return out.Encode(result{Service: "looked up", Value: strings.Join(others, " ")})
}

// fetched returns the body of the answer to a request that an SDK has
// presigned.
func fetched(ctx context.Context, method, url, body string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, data)
	}
	return string(data), err
}
