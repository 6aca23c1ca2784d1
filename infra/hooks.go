package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// beforeCreate returns a resource option: Pulumi calls look before it creates
// the resource.
func beforeCreate(ctx *pulumi.Context, name string, look pulumi.ResourceHookFunction) (pulumi.ResourceOption, error) {
	hooks, err := newHook(ctx, name, look)
	return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeCreate: hooks}), err
}

// beforeUpdate returns a resource option: Pulumi calls look before it updates
// the resource.
func beforeUpdate(ctx *pulumi.Context, name string, look pulumi.ResourceHookFunction) (pulumi.ResourceOption, error) {
	hooks, err := newHook(ctx, name, look)
	return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeUpdate: hooks}), err
}

// newHook registers a hook that can refuse a change by an error, in previews
// too.
func newHook(ctx *pulumi.Context, name string, look pulumi.ResourceHookFunction) ([]*pulumi.ResourceHook, error) {
	hook, err := ctx.RegisterResourceHook(name, look, &pulumi.ResourceHookOptions{OnDryRun: true})
	if err != nil {
		return nil, err
	}
	return []*pulumi.ResourceHook{hook}, nil
}
