package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// formerly names a resource as an earlier version of this program did, so that
// a stack which that version brought up keeps the resource. An alias that no
// state holds has no effect; remove it once every stack was updated.
func formerly(name string) pulumi.ResourceOption {
	return pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(name)}})
}
