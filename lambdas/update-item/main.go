// Command update-item is the function of the same name.
package main

import (
	"skiff/lambdas/items"
	"skiff/lambdas/items/update"
)

func main() { items.Start(update.Handle) }
