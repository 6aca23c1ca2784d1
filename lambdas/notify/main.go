// Command notify is the function that sends events to WebSocket clients.
package main

import (
	"skiff/lambdas/function"
	"skiff/lambdas/notifier"
)

func main() { function.Start(notifier.Open) }
