// Package health is the handler of GET /health.
package health

import (
	"context"
	"net/http"

	"skiff/lambdas/api"
)

// Handle says that the function runs. It does not ask the store, so a busy
// table does not take the service out of a monitor.
func Handle(context.Context, *api.API, api.Request) (api.Response, error) {
	return api.Respond(http.StatusOK, []byte(`{"status":"ok"}`)), nil
}
