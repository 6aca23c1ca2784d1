package items

import "skiff/lambdas/api"

// ID returns the item's id in the request's path. The id of another row of the
// items' table, such as an idempotency key, does not pass.
func ID(r api.Request) (string, error) { return api.ID(r.PathParameters["id"]) }
