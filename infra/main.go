// Command infra declares everything that this service owns in AWS. It is an
// ordinary Pulumi program. Package lambdas declares what the service consists
// of. Pulumi.STACK.yaml holds the settings in which the stacks differ.
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

// root is the path of the repository, relative to the program's working
// directory. An absolute path would be a change on every other checkout.
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

// program holds the inputs of deploy. Tests replace each of them.
type program struct {
	declared lambdas.Service
	settings string // the stack's whole configuration, a JSON object
	target   string // replaces the setting "target" unless it is empty
	builder  func(build.Target, []string) builder
}

// builder builds the functions' zips.
type builder interface {
	// Digests returns a hash for each function. It covers everything that
	// decides the content of the function's zip.
	Digests(ctx context.Context) (map[string]string, error)
	// Ensure returns the path of the function's zip with this sha256. It builds
	// the zip if it is missing.
	Ensure(ctx context.Context, function, sha256 string) (zip string, err error)
}

// stack holds what each function here needs to declare resources.
type stack struct {
	ctx *pulumi.Context
	cfg config
	in  pulumi.ResourceOrInvokeOption // the option of each resource: puts it into the stack's account and region
}

// run declares the resources and exports the stack's outputs.
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

// deploy is the table of contents. It declares in this order: the account, the
// issuer of tokens, the APIs, the stores, the functions, what calls them, the
// routes, the alarms, the parameters for other services, and the domains. The
// stages that publish the routes come last.
//
// Logical names are permanent. Pulumi replaces a resource whose name changes,
// and a replaced table loses its data.
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
	service := activeParts(p.declared, cfg, tokens)
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
	info, routes, err := apis.addRoutes(s, fns)
	if err != nil {
		return nil, err
	}
	operations, err := newOperations(s, info, data, fns)
	if err != nil {
		return nil, err
	}
	shared, err := share(s, info, data)
	if err != nil {
		return nil, fmt.Errorf("sharing: %w", err)
	}
	domains, err := newDomains(s)
	if err != nil {
		return nil, fmt.Errorf("domains: %w", err)
	}
	waitFor := slices.Concat(sources, operations, shared, domains.resources, data.last())
	if err := apis.publish(s, routes, domains, waitFor); err != nil {
		return nil, err
	}
	return stackOutputs(s, info, data, domains, fns), nil
}

// readConfig reads and checks the stack's settings. It also checks that the
// declaration and the settings fit each other.
func (p program) readConfig(ctx *pulumi.Context) (config, error) {
	cfg, err := readConfig(ctx, p.settings)
	if err != nil {
		return cfg, err
	}
	if err := checkDeclaration(ctx, p.declared, cfg); err != nil {
		return cfg, fmt.Errorf("lambdas: %w", err)
	}
	if p.target != "" {
		if cfg.Target, err = build.ParseTarget(p.target); err != nil {
			return cfg, fmt.Errorf("%s %w", rehearsal.TargetVariable, err)
		}
	}
	if !hasSockets(p.declared.Functions) {
		cfg.SocketDomain = "" // without a socket route there is no WebSocket API to map it to
	}
	return cfg, cfg.checkFits(p.declared.Functions)
}
