// Command delete-item is the function of the same name.
package main

import (
	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/items/events"
	"skiff/lambdas/items/remove"
)

func main() { api.Start(remove.Handle, items.WithTable, events.WithQueue) }
