// Command list-items is the function of the same name.
package main

import (
	"skiff/lambdas/items"
	"skiff/lambdas/items/list"
)

func main() { items.Start(list.Handle, items.WithTable, list.WithKey) }
