package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// beforeCreate is the option of a resource that is looked at before it is made.
func beforeCreate(ctx *pulumi.Context, name string, look pulumi.ResourceHookFunction) (pulumi.ResourceOption, error) {
	hooks, err := newHook(ctx, name, look)
	return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeCreate: hooks}), err
}

// beforeUpdate is the option of a resource that is looked at before it changes.
func beforeUpdate(ctx *pulumi.Context, name string, look pulumi.ResourceHookFunction) (pulumi.ResourceOption, error) {
	hooks, err := newHook(ctx, name, look)
	return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeUpdate: hooks}), err
}

// newHook registers a function that can refuse a change, in previews too.
func newHook(ctx *pulumi.Context, name string, look pulumi.ResourceHookFunction) ([]*pulumi.ResourceHook, error) {
	hook, err := ctx.RegisterResourceHook(name, look, &pulumi.ResourceHookOptions{OnDryRun: true})
	if err != nil {
		return nil, err
	}
	return []*pulumi.ResourceHook{hook}, nil
}
