// Command create-item is the function behind POST /items.
package main

import (
	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/items/create"
	"skiff/lambdas/items/events"
)

func main() { api.Start(create.Handle, items.WithTable, events.WithQueue) }
