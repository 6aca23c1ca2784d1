// Command delete-item is the function of the same name.
package main

import (
	"skiff/lambdas/items"
	"skiff/lambdas/items/remove"
)

func main() { items.Start(remove.Handle) }
