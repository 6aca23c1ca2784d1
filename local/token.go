package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"skiff/internal/rehearsal"
	"skiff/local/aws/arn"
	"skiff/local/aws/issuer"
)

// tokenCommand returns the command token, whose arguments may be for the
// project's program that signs tokens.
func tokenCommand(l *commandLine) *cli.Command {
	return l.command(&cli.Command{
		Name: "token", ArgsUsage: "[FLAGS]", Usage: "print a bearer token that the stack's API accepts", SkipFlagParsing: true,
		Description: `If the API trusts an issuer, the local cloud signs the token like that issuer, and FLAGS are
-subject NAME and -expires DURATION, such as 15m. If a function authorizes, FLAGS are the flags of the
project's program that signs tokens.`,
		Metadata: examples("token", "token -subject ada -expires 15m", "-stack staging token"),
	}, runToken)
}

// runToken prints a bearer token for the stack's API. If the API trusts an
// issuer, the local cloud signs as that issuer. If a function authorizes, the
// project's program signs, with that function's environment.
func runToken(ctx context.Context, o options, stdout, stderr io.Writer) error {
	return withCloud(ctx, o, project.open, stderr, func(p project, s session) error {
		stack := cmp.Or(o.stack, s.Stack)
		resources, err := exportStack(ctx, p, s, stack, stderr)
		if err != nil {
			return err
		}
		a, found := authorizerIn(resources)
		switch {
		case !up(resources):
			return fmt.Errorf("the stack %s is not up: bring it up with %s", stack, o.line("pulumi", "up", "--stack", stack, "--yes"))
		case !found:
			return fmt.Errorf("the stack %s has no authorizer: name the stack that has the API of its routes: %s", stack, o.line("-stack", "STACK", "token"))
		case a.Inputs.AuthorizerType == "JWT":
			return p.issue(a.Inputs.JWTConfiguration, o.args, stdout, stderr)
		}
		tool := filepath.Join(p.program, rehearsal.TokenFolder)
		if _, err := os.Stat(tool); err != nil {
			return fmt.Errorf("a function of the stack %s authorizes, but the project has no program in %s that signs tokens", stack, tool)
		}
		env := append(s.environment(), functionOf(a, resources)...)
		return runTool(ctx, p.dir, append([]string{"go", "run", tool}, o.args...), env, stdout, stderr)
	})
}

// issue signs a token as the trusted issuer would.
func (p project) issue(trusted jwtConfiguration, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("token", flag.ContinueOnError)
	flags.SetOutput(stderr)
	subject := flags.String("subject", "operator", "`NAME` of the token's subject")
	expires := flags.Duration("expires", time.Hour, "how long the token is valid, such as 15m")
	if err := flags.Parse(args); err != nil {
		return exitError(2)
	}
	if len(trusted.Audiences) == 0 {
		return fmt.Errorf("the authorizer has no audience, so it accepts no token of %s: add an audience", trusted.Issuer)
	}
	key, err := issuer.Open(p.state)
	if err != nil {
		return err
	}
	now := time.Now()
	token, err := key.Sign(issuer.Claims{
		Issuer: trusted.Issuer, Audience: trusted.Audiences[0], Subject: *subject, Issued: now, Expires: now.Add(*expires),
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, token)
	return nil
}

// deployed has the properties of a stack's resource that tokens need.
type deployed struct {
	Type   string
	Inputs struct {
		AuthorizerType   string
		AuthorizerURI    string
		SimpleResponses  bool             `json:"enableSimpleResponses"`
		JWTConfiguration jwtConfiguration `json:"jwtConfiguration"`
		Environment      struct{ Variables map[string]string }
	}
	Outputs struct{ ARN string }
}

type jwtConfiguration struct {
	Issuer    string
	Audiences []string
}

// up reports whether the stack has resources, apart from Pulumi's, such as the
// stack itself.
func up(resources []deployed) bool {
	return slices.ContainsFunc(resources, func(r deployed) bool { return !strings.HasPrefix(r.Type, "pulumi:") })
}

// exportStack returns the resources in the stack's state, or none if the stack
// was never up.
func exportStack(ctx context.Context, p project, s session, stack string, stderr io.Writer) ([]deployed, error) {
	if err := p.checkStack(stack); err != nil {
		return nil, err
	}
	if !p.has(stack) {
		return nil, nil
	}
	var out bytes.Buffer
	e := newEngine(p, s, &out, stderr)
	if err := e.prepare(ctx, stack); err != nil {
		return nil, err
	}
	if err := e.run(ctx, []string{"stack", "export", "--stack", stack}, ""); err != nil {
		return nil, err
	}
	var state struct {
		Deployment struct{ Resources []deployed }
	}
	if err := json.Unmarshal(out.Bytes(), &state); err != nil {
		return nil, fmt.Errorf("read the state of stack %s: %w", stack, err)
	}
	return state.Deployment.Resources, nil
}

// authorizerIn returns the authorizer of the stack's HTTP API: a JWT
// authorizer, or one with simple responses, which only HTTP APIs have.
func authorizerIn(resources []deployed) (deployed, bool) {
	for _, r := range resources {
		if r.Type == "aws:apigatewayv2/authorizer:Authorizer" && (r.Inputs.AuthorizerType == "JWT" || r.Inputs.SimpleResponses) {
			return r, true
		}
	}
	return deployed{}, false
}

// functionOf returns the environment and the region of the authorizer's
// function.
func functionOf(a deployed, resources []deployed) (env []string) {
	for _, r := range resources {
		if function := r.Outputs.ARN; r.Type == "aws:lambda/function:Function" && function != "" && strings.Contains(a.Inputs.AuthorizerURI, function+"/") {
			env = append(env, "AWS_REGION="+arn.Region(function))
			for name, value := range r.Inputs.Environment.Variables {
				env = append(env, name+"="+value)
			}
		}
	}
	return env
}
