// Command health is the function of the same name.
package main

import "skiff/lambdas/items"

func main() { items.StartWithoutTable(items.Health) }
