// Command socket is the function of the same name.
package main

import (
	"skiff/lambdas/function"
	"skiff/lambdas/sockets"
)

func main() { function.Start(sockets.Open) }
