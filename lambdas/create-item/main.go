// Command create-item is the function of the same name.
package main

import (
	"skiff/lambdas/items"
	"skiff/lambdas/items/create"
	"skiff/lambdas/queue"
)

func main() { items.Start(create.Handle, items.WithTable, queue.WithEvents) }
