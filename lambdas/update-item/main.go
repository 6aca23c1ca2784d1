// Command update-item is the function behind PUT /items/{id}.
package main

import (
	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/items/events"
	"skiff/lambdas/items/update"
)

func main() { api.Start(update.Handle, items.WithTable, events.WithQueue) }
