// Command infra declares everything this service owns in AWS. It is an
// ordinary Pulumi program: what it declares is in package lambdas, what differs
// from stack to stack in Pulumi.STACK.yaml.
package main

import (
	"context"
	"fmt"
	"os"

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
// runs, who hears of its troubles, how it is reached. Logical names are permanent: to rename a resource is to replace it,
// and the table is not something to replace.
func (p program) deploy(ctx *pulumi.Context) (outputs pulumi.Map, err error) {
	cfg, err := readConfig(ctx, p.settings)
	if err != nil {
		return nil, err
	}
	if err := check(p.functions); err != nil {
		return nil, fmt.Errorf("lambdas: %w", err)
	}
	if err := cfg.check(p.functions); err != nil {
		return nil, err
	}
	in, err := newAccount(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	items, err := newTable(ctx, cfg, in)
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	api, err := newAPI(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	fns, err := p.newFunctions(ctx, cfg, in, items, api)
	if err != nil {
		return nil, fmt.Errorf("functions: %w", err)
	}
	seen := &watched{api: api.ID().ToStringOutput(), stage: cfg.Stage, table: items.name, functions: fns}
	alarms, err := newAlarms(ctx, cfg, in, seen)
	if err != nil {
		return nil, fmt.Errorf("alarms: %w", err)
	}
	page, err := newDashboard(ctx, cfg, in, seen)
	if err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	url, err := newStage(ctx, cfg, in, api, fns, append(alarms, page...))
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	names := pulumi.StringMap{}
	for _, f := range fns {
		names[f.declared.Name] = f.name
	}
	return pulumi.Map{"apiUrl": url, "tableName": items.name, "functionNames": names}, nil
}
