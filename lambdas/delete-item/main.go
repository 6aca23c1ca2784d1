// Command delete-item is the function of the same name.
package main

import (
	"skiff/lambdas/items"
	"skiff/lambdas/items/remove"
	"skiff/lambdas/queue"
)

func main() { items.Start(remove.Handle, items.WithTable, queue.WithEvents) }
