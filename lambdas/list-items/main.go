// Command list-items is the function behind GET /items.
package main

import (
	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/items/list"
)

func main() { api.Start(list.Handle, items.WithTable, list.WithKey) }
