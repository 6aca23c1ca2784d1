package notifier

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi/types"
	"golang.org/x/sync/errgroup"

	"skiff/lambdas/connections"
	"skiff/lambdas/function"
	"skiff/lambdas/names"
)

const (
	maxPosts = 16 // in parallel

	// openTime is how long a connection may take from $connect until it is
	// open. Until then API Gateway answers posts to it with 410, as for a
	// connection that has ended.
	openTime = 5 * time.Second
)

// poster posts messages to connections.
type poster struct {
	client *apigatewaymanagementapi.Client
}

// newPoster returns a poster to the stage at CONNECTIONS_URL. It fails when a
// variable is missing.
func newPoster(e function.Environment) (poster, error) {
	url, err := e.Setting(names.ConnectionsURLVariable)
	if err != nil {
		return poster{}, err
	}
	c, err := e.Config("APIGATEWAYMANAGEMENTAPI")
	if err != nil {
		return poster{}, err
	}
	c.BaseEndpoint = &url
	return poster{apigatewaymanagementapi.NewFromConfig(c)}, nil
}

// posted is the result of posting one message to several connections.
type posted struct {
	served []string                 // ids of the connections that received it
	gone   []connections.Connection // the connections that have ended
	err    error                    // an error of the failed posts, or nil
	failed int                      // the number of failed posts
}

// post posts a message to all connections, up to maxPosts in parallel. A failed
// post does not stop the others.
func (p poster) post(ctx context.Context, to []connections.Connection, message []byte) posted {
	var result posted
	var mutex sync.Mutex
	var group errgroup.Group
	group.SetLimit(maxPosts)
	for _, c := range to {
		group.Go(func() error {
			_, err := p.client.PostToConnection(ctx, &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &c.ID, Data: message})
			mutex.Lock()
			defer mutex.Unlock()
			switch {
			case err == nil:
				result.served = append(result.served, c.ID)
			case gone(err):
				result.gone = append(result.gone, c)
			default:
				result.err = function.Fail(ctx, "execute-api:ManageConnections", err)
				result.failed++
			}
			return nil
		})
	}
	_ = group.Wait() // the posts return no error: they record it in result
	return result
}

// gone reports whether the error means that the connection has ended.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
func gone(err error) bool {
	var ended *types.GoneException
	if errors.As(err, &ended) {
		return true
	}
	var status interface{ HTTPStatusCode() int }
	return errors.As(err, &status) && status.HTTPStatusCode() == http.StatusGone
}
