// Command authorize is the function that checks bearer tokens.
package main

import (
	"skiff/lambdas/authorizer"
	"skiff/lambdas/function"
)

func main() { function.Start(authorizer.Open) }
