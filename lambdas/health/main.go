// Command health is the function behind GET /health.
package main

import (
	"skiff/lambdas/api"
	"skiff/lambdas/api/health"
)

func main() { api.Start(health.Handle) }
