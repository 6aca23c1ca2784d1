// Command publish is the function of the same name.
package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"skiff/lambdas/api"
	"skiff/lambdas/function"
)

// API is what the route works with.
type API struct {
	api.API
	client *eventbridge.Client
}

func main() { api.Start(publish, withClient) }

func withClient(a *API, e function.Environment) error {
	c, err := e.Config("EVENTBRIDGE")
	a.client = eventbridge.NewFromConfig(c)
	return err
}

// publish puts an order that no rule is for, and one that a rule is for.
func publish(ctx context.Context, a *API, _ api.Request) (api.Response, error) {
	order := func(detail string) types.PutEventsRequestEntry {
		return types.PutEventsRequestEntry{EventBusName: aws.String("shop"), Source: aws.String("shop"), DetailType: aws.String("order"), Detail: &detail}
	}
	out, err := a.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		order(`{"id":"cheap","total":1}`), order(`{"id":"dear","total":11}`),
	}})
	if err == nil && out.FailedEntryCount > 0 {
		err = errors.New("an event is not put")
	}
	if err != nil {
		return api.Response{}, err
	}
	return api.RespondJSON(http.StatusOK, map[string]int{"events": len(out.Entries)})
}
