// Command get-item is the function behind GET /items/{id}.
package main

import (
	"skiff/lambdas/api"
	"skiff/lambdas/items"
	"skiff/lambdas/items/get"
)

func main() { api.Start(get.Handle, items.WithTable) }
