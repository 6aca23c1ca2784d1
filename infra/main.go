// Command infra declares everything this service owns in AWS. It is an
// ordinary Pulumi program: what it declares is in package lambdas, what differs
// from stack to stack in Pulumi.STACK.yaml.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/build"
	"skiff/lambdas"
)

// root is the repository, seen from the program's working directory. Paths
// stay relative: an absolute one would be a change on every other checkout.
const root = ".."

func main() {
	p := program{
		functions: lambdas.Functions(),
		settings:  os.Getenv(pulumi.EnvConfig),
		target:    os.Getenv(build.TargetVariable),
		builder: func(target build.Target, functions []string) builder {
			return build.New(root, target, functions)
		},
	}
	pulumi.Run(p.run)
}

// program is what deploy works from.
type program struct {
	functions []lambdas.Function
	settings  string // the stack's whole configuration, a JSON object
	target    string // in place of the setting's, if it is not ""
	builder   func(build.Target, []string) builder
}

// builder is where the functions' zips come from.
type builder interface {
	// Digests returns for every function a hash over all that decides its zip.
	Digests(ctx context.Context) (map[string]string, error)
	// Ensure returns the path of the function's zip once it has the sha256.
	Ensure(ctx context.Context, function, sha256 string) (zip string, err error)
}

// run deploys and exports what the stack tells of itself.
func (p program) run(ctx *pulumi.Context) error {
	outputs, err := p.deploy(ctx)
	if err != nil {
		return err
	}
	for name, value := range outputs {
		ctx.Export(name, value)
	}
	return nil
}

// deploy is the table of contents: where it all goes, what is stored, what
// runs, what calls it, who may, who is told, how it is reached. Logical names
// are permanent: to rename a resource is to replace it, and the table is not
// something to replace.
func (p program) deploy(ctx *pulumi.Context) (outputs pulumi.Map, err error) {
	cfg, err := p.readConfig(ctx)
	if err != nil {
		return nil, err
	}
	in, err := newAccount(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	owner, err := readSharing(ctx, cfg, in)
	if err != nil {
		return nil, err
	}
	data, err := newStores(ctx, cfg, in, owner)
	if err != nil {
		return nil, err
	}
	apis, err := newAPIs(ctx, cfg, in, owner)
	if err != nil {
		return nil, err
	}
	fns, err := p.newFunctions(ctx, cfg, in, data.places(cfg, apis))
	if err != nil {
		return nil, fmt.Errorf("functions: %w", err)
	}
	if err := newWorkers(ctx, cfg, data.queues, fns); err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	guard, permissions, err := apis.connect(ctx, cfg, in, fns)
	if err != nil {
		return nil, err
	}
	shown, err := newOperations(ctx, cfg, in, apis.http, data, fns)
	if err != nil {
		return nil, err
	}
	parameters, err := share(ctx, cfg, in, apis, guard, data)
	if err != nil {
		return nil, fmt.Errorf("sharing: %w", err)
	}
	names, err := newDomains(ctx, cfg, in)
	if err != nil {
		return nil, fmt.Errorf("domains: %w", err)
	}
	before := slices.Concat(shown, parameters, permissions, names.declared, []pulumi.Resource{data.queues.allowed})
	if err := apis.publish(ctx, cfg, in, fns, names, before); err != nil {
		return nil, err
	}
	return stackOutputs(cfg, apis, data, names, fns), nil
}

// readConfig reads the stack's settings, and refuses what does not go with them.
func (p program) readConfig(ctx *pulumi.Context) (config, error) {
	cfg, err := readConfig(ctx, p.settings)
	if err != nil {
		return cfg, err
	}
	if err := check(ctx.Project(), ctx.Stack(), p.functions, cfg.AttachTo != ""); err != nil {
		return cfg, fmt.Errorf("lambdas: %w", err)
	}
	if p.target != "" {
		if cfg.Target, err = build.ParseTarget(p.target); err != nil {
			return cfg, fmt.Errorf("%s %w", build.TargetVariable, err)
		}
	}
	return cfg, cfg.check(p.functions)
}
