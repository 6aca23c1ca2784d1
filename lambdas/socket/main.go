// Command socket is the function behind the WebSocket API.
package main

import (
	"skiff/lambdas/function"
	"skiff/lambdas/sockets"
)

func main() { function.Start(sockets.Open) }
