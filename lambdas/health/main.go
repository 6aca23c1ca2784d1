// Command health is the function of the same name.
package main

import (
	"skiff/lambdas/api"
	"skiff/lambdas/api/health"
)

func main() { api.Start(health.Handle) }
