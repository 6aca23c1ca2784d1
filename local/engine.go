package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"skiff/internal/rehearsal"
	"skiff/local/cloud"
	"skiff/local/engine/cli"
	"skiff/local/engine/gobuild"
	"skiff/local/engine/host"
	"skiff/local/engine/progress"
	"skiff/local/process/child"
	"skiff/local/process/npm"
)

// engine runs the Pulumi CLI against a local cloud.
type engine struct {
	project        project
	session        session // of the cloud
	stdout, stderr io.Writer
	waits          *progress.Display // shows progress
	quiet          *quiet            // replaces Pulumi's output; nil keeps it
	caller         string            // ARN of the session of its role; "" for a person

	path      string          // of the CLI; set by connect
	providers cloud.Providers // to attach to; set by connect
	compiling *compilation    // of the program for its next run; may be nil
}

func newEngine(p project, s session, stdout, stderr io.Writer) *engine {
	waits, ok := stderr.(*progress.Display)
	if !ok {
		waits = progress.New(stderr)
	}
	return &engine{project: p, session: s, stdout: stdout, stderr: stderr, waits: waits}
}

// prepare connects, and creates the stack if the backend does not have it.
func (e *engine) prepare(ctx context.Context, stack string) error {
	if err := e.connect(ctx, stack); err != nil {
		return err
	}
	if err := e.project.copyConfig(stack); err != nil {
		return err
	}
	if e.project.has(stack) {
		return nil
	}
	// In the folder of the copies, so that Pulumi does not write the project's
	// stack files.
	return e.quietly(ctx, "-C", e.project.configDir(), "stack", "init", "--no-select", stack)
}

// connect finds the CLI and joins the cloud. stack may be "".
func (e *engine) connect(ctx context.Context, stack string) (err error) {
	cache, err := npm.CacheDir()
	if err != nil {
		return err
	}
	if err := e.find(ctx, cache); err != nil {
		return err
	}
	inert, err := e.inert(stack)
	if err != nil {
		return err
	}
	if e.providers, err = cloud.Join(ctx, e.session.Control, cloud.Program{Dir: e.project.program, Caller: e.caller, Inert: inert}); err != nil {
		return err
	}
	return os.MkdirAll(e.project.backend(), 0o755)
}

// find finds the CLI or downloads it.
func (e *engine) find(ctx context.Context, cache string) (err error) {
	task := e.waits.Task("the Pulumi CLI")
	defer task.Done()
	var shared <-chan struct{}
	if e.compiling != nil {
		shared = e.compiling.shared
	}
	e.path, err = cli.Find(ctx, cache, shared, task)
	return err
}

// quietly runs a command and prints its output only if it fails.
func (e *engine) quietly(ctx context.Context, args ...string) error {
	var out bytes.Buffer
	quiet := *e
	quiet.stdout, quiet.stderr = &out, &out
	err := quiet.run(ctx, args, "")
	if err != nil {
		fmt.Fprint(e.stderr, out.String())
	}
	return err
}

// grace is the time that Pulumi has to end after an interrupt: it first
// finishes the resources that it is creating.
const grace = 60 * time.Second

// run runs one command of the CLI. It reads the config of stack, and acts on it
// unless the command or `pulumi stack select` names another; stack may be "".
// If Pulumi fails, it has printed why, and run returns an exitError.
func (e *engine) run(ctx context.Context, args []string, stack string) error {
	run := e.execute
	if stack != "" && slices.Contains(saves, subcommand(args)) {
		run = e.recovering
	}
	err := run(ctx, args, stack)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exitError(child.ExitCode(exit))
	}
	return err
}

// execute runs the CLI. If the CLI fails, execute returns an exec.ExitError.
func (e *engine) execute(ctx context.Context, args []string, stack string) error {
	if e.quiet == nil {
		// Pulumi draws on the same terminal, so progress is plain lines.
		plain := *e
		plain.waits = progress.Plain(e.stderr)
		e = &plain
	}
	languages, stop, err := e.serveHost()
	if err != nil {
		return err
	}
	defer stop()
	cmd := exec.Command(e.path, e.withConfig(args, stack)...)
	cmd.Dir = e.project.dir
	cmd.Env = append(e.environment(), fmt.Sprintf("PULUMI_DEBUG_LANGUAGES=go:%d", languages))
	if stack != "" && e.selected() == "" {
		cmd.Env = append(cmd.Env, "PULUMI_STACK="+stack)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, e.stdout, e.stderr
	if e.quiet != nil {
		e.quiet.take(cmd)
	}
	interactive := term.IsTerminal(int(os.Stdin.Fd()))
	if interactive {
		// Pulumi reads the terminal, so it must stay in the foreground process
		// group, where the terminal sends it interrupts.
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	p, err := child.Start(cmd)
	if err != nil {
		return fmt.Errorf("start %s: %w", e.path, err)
	}
	return await(ctx, p, interactive)
}

func await(ctx context.Context, p *child.Process, interactive bool) error {
	select {
	case <-p.Done():
		return p.Wait()
	case <-ctx.Done():
	}
	// The terminal already sent Pulumi an interrupt. A second one would make it
	// abandon its running operations.
	if interactive && interrupted(ctx) {
		select {
		case <-p.Done():
			return p.Wait()
		case <-time.After(grace):
		}
	}
	return p.End(syscall.SIGINT, grace)
}

// interrupted reports whether an interrupt ended ctx. The terminal sends
// interrupts to Pulumi as well.
func interrupted(ctx context.Context) bool {
	return strings.Contains(fmt.Sprint(context.Cause(ctx)), "interrupt")
}

// serveHost starts a language host for one process of the CLI.
func (e *engine) serveHost() (port int, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	s := host.New(e.build, e.environment()).Server()
	go s.Serve(l)
	return l.Addr().(*net.TCPAddr).Port, s.Stop, nil
}

// compile compiles the program with the flags of a plain `go build`, so that
// `go test` and `go run` share its cache. It links without debug data, which
// takes two thirds of the time. It calls compiled for each package that is not
// in the cache; compiled may be nil.
func (e *engine) compile(ctx context.Context, dir string, compiled func(importPath string)) (string, error) {
	binary := filepath.Join(e.project.state, "bin", e.project.Name)
	task := e.waits.Task("the program")
	defer task.Done()
	err := gobuild.Build{
		Dir: dir, Env: cleanEnvironment(os.Environ()), Args: []string{"-ldflags", "-s -w", "-o", binary, "."},
		Packages: programPackages, Progress: task, Compiled: compiled,
	}.Run(ctx)
	if err != nil {
		return "", fmt.Errorf("the program in %s: %w", dir, err)
	}
	return binary, nil
}

// programPackages is roughly the number of packages that a first build
// compiles, mostly of the SDKs. It shares as many with the local cloud, which
// go run has compiled.
const programPackages = 420

// withConfig adds the copy of the stack file to commands that read it.
func (e *engine) withConfig(args []string, stack string) []string {
	if stack == "" || !slices.Contains(saves, subcommand(args)) || hasFlag(args, "--config-file") {
		return args
	}
	return append(slices.Clone(args), "--config-file", e.project.configFile(stack))
}

// environment returns the environment of Pulumi and the program. It gives no
// access to AWS or to another backend.
func (e *engine) environment() []string {
	return append(cleanEnvironment(os.Environ()),
		"PULUMI_HOME="+filepath.Join(e.project.state, "home"),
		"PULUMI_BACKEND_URL=file://"+e.project.backend(),
		"PULUMI_CONFIG_PASSPHRASE="+passphrase,
		"PULUMI_SKIP_UPDATE_CHECK=true",
		"PULUMI_SKIP_CHECKPOINTS="+cmp.Or(os.Getenv("PULUMI_SKIP_CHECKPOINTS"), "true"),
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"PULUMI_DEBUG_PROVIDERS=aws:"+port(e.providers.AWS)+",command:"+port(e.providers.Command),
		// The program's functions run on this machine, and this DNS server
		// resolves its zones.
		rehearsal.TargetVariable+"="+rehearsal.Host, rehearsal.ResolverVariable+"="+e.session.DNS,
	)
}

func port(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// cleanEnvironment removes all variables of AWS and Pulumi, and adds keys that
// are valid nowhere.
func cleanEnvironment(env []string) []string {
	clean := slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		for _, prefix := range []string{"AWS_", "PULUMI_"} {
			if strings.HasPrefix(v, prefix) {
				return true
			}
		}
		return false
	})
	return append(clean,
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
	)
}
