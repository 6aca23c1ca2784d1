// Command health is the function of the same name.
package main

import (
	"skiff/lambdas/items"
	"skiff/lambdas/items/health"
)

func main() { items.Start(health.Handle) }
