// Package health is the handler of GET /health.
package health

import (
	"context"
	"net/http"

	"skiff/lambdas/api"
)

// Handle answers that the function runs. It does not call the table: a monitor
// must not report the service as down because the table is busy.
func Handle(context.Context, *api.API, api.Request) (api.Response, error) {
	return api.Respond(http.StatusOK, []byte(`{"status":"ok"}`)), nil
}
