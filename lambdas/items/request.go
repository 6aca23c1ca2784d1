package items

import "skiff/lambdas/api"

// ID returns the item's id in the request's path. It refuses the ids of other
// rows in the table, such as idempotency keys.
func ID(r api.Request) (string, error) { return api.ID(r.PathParameters["id"]) }
