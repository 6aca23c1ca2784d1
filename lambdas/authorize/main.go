// Command authorize is the function of the same name.
package main

import (
	"skiff/lambdas/authorizer"
	"skiff/lambdas/function"
)

func main() { function.Start(authorizer.Open) }
