// Command get-item is the function of the same name.
package main

import (
	"skiff/lambdas/items"
	"skiff/lambdas/items/get"
)

func main() { items.Start(get.Handle, items.WithTable) }
