// Command update-item is the function of the same name.
package main

import (
	"skiff/lambdas/items"
	"skiff/lambdas/items/update"
	"skiff/lambdas/queue"
)

func main() { items.Start(update.Handle, items.WithTable, queue.WithEvents) }
