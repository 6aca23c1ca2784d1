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
	"skiff/internal/rehearsal"
	"skiff/lambdas"
)

// root is the repository, seen from the program's working directory. Paths
// stay relative: an absolute one would be a change on every other checkout.
const root = ".."

func main() {
	p := program{
		declared: lambdas.Declared(),
		settings: os.Getenv(pulumi.EnvConfig),
		target:   os.Getenv(rehearsal.TargetVariable),
		builder: func(target build.Target, functions []string) builder {
			return build.New(root, target, functions)
		},
	}
	pulumi.Run(p.run)
}

// program is what deploy works from.
type program struct {
	declared lambdas.Service
	settings string // the stack's whole configuration, a JSON object
	target   string // in place of the setting's, if it is not ""
	builder  func(build.Target, []string) builder
}

// builder is where the functions' zips come from.
type builder interface {
	// Digests returns for every function a hash over all that decides its zip.
	Digests(ctx context.Context) (map[string]string, error)
	// Ensure returns the path of the function's zip once it has the sha256.
	Ensure(ctx context.Context, function, sha256 string) (zip string, err error)
}

// stack is where resources are declared, and by which settings.
type stack struct {
	ctx *pulumi.Context
	cfg config
	in  pulumi.ResourceOrInvokeOption // the provider of the stack's account
}

// run deploys and exports the stack's outputs.
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

// deploy is the table of contents: where it all goes, who says who calls, what
// is stored, what runs, what calls it, how it is reached, who watches it, what
// others may know of it. Logical names are permanent: to rename a resource is to
// replace it, and the table is not something to replace.
func (p program) deploy(ctx *pulumi.Context) (outputs pulumi.Map, err error) {
	cfg, err := p.readConfig(ctx)
	if err != nil {
		return nil, err
	}
	s, err := newAccount(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	tokens, err := newIssuer(s)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	service := inForce(p.declared, cfg, tokens)
	apis, err := openAPIs(s, service, tokens)
	if err != nil {
		return nil, err
	}
	data, err := newStores(s, service)
	if err != nil {
		return nil, err
	}
	fns, err := p.newFunctions(s, service, data.places(), apis.places(), tokens)
	if err != nil {
		return nil, fmt.Errorf("functions: %w", err)
	}
	sources, err := newSources(s, data, fns)
	if err != nil {
		return nil, err
	}
	known, routes, err := apis.connect(s, fns)
	if err != nil {
		return nil, err
	}
	watched, err := newOperations(s, known, data, fns)
	if err != nil {
		return nil, err
	}
	shared, err := share(s, known, data)
	if err != nil {
		return nil, fmt.Errorf("sharing: %w", err)
	}
	domains, err := newDomains(s)
	if err != nil {
		return nil, fmt.Errorf("domains: %w", err)
	}
	before := slices.Concat(sources, watched, shared, domains.declared, data.last())
	if err := apis.publish(s, routes, domains, before); err != nil {
		return nil, err
	}
	return stackOutputs(s, known, data, domains, fns), nil
}

// readConfig reads the stack's settings, and refuses what does not go with them.
func (p program) readConfig(ctx *pulumi.Context) (config, error) {
	cfg, err := readConfig(ctx, p.settings)
	if err != nil {
		return cfg, err
	}
	if err := check(ctx, p.declared, cfg); err != nil {
		return cfg, fmt.Errorf("lambdas: %w", err)
	}
	if p.target != "" {
		if cfg.Target, err = build.ParseTarget(p.target); err != nil {
			return cfg, fmt.Errorf("%s %w", rehearsal.TargetVariable, err)
		}
	}
	if !hasSockets(p.declared.Functions) {
		cfg.SocketDomain = "" // there is nothing that it could lead to
	}
	return cfg, cfg.check(p.declared.Functions)
}
