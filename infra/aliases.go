package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// formerly gives a resource an alias: its name in an earlier version of this
// program. A stack from that version keeps the resource. Without such a stack
// the alias has no effect. Remove it when every stack is updated.
func formerly(name string) pulumi.ResourceOption {
	return pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(name)}})
}
