// Command notify is the function of the same name.
package main

import (
	"skiff/lambdas/function"
	"skiff/lambdas/notifier"
)

func main() { function.Start(notifier.Open) }
