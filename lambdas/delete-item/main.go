// Command delete-item is the function behind DELETE /items/{id}.
package main

import (
	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/items/events"
	"skiff/lambdas/items/remove"
)

func main() { api.Start(remove.Handle, items.WithTable, events.WithQueue) }
