// Command create-item is the function of the same name.
package main

import "skiff/lambdas/items"

func main() { items.Start(items.Create) }
