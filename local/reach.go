package main

import (
	"fmt"
	"slices"
	"strings"
)

// Only a command or a flag makes Pulumi call other machines. Values never do: a
// setting, a message or a file name may be any URL. Unknown commands are
// refused too, because a newer CLI may add some that call other machines.

// refuse returns an error for a command that could call another machine.
func refuse(args []string) error {
	words := commandWords(args)
	if err := refuseCommand(words); err != nil {
		return err
	}
	return refuseFlags(args)
}

// localCommands returns the Pulumi commands that use only the local backend and
// the local providers.
func localCommands() []string {
	return []string{
		"up", "update", "preview", "pre", "destroy", "down", "dn", "refresh", "import", "watch", "cancel",
		"config", "stack", "state", "project", "plugin", "schema",
		"about", "completion", "gen-completion", "help", "version", "whoami",
	}
}

// cloudCommands returns their subcommands that call Pulumi Cloud or download
// something.
func cloudCommands() []string {
	return []string{
		"config env", "plugin install", "plugin run", "project new",
		"stack drift", "stack schedule", "stack webhook",
	}
}

func refuseCommand(words []string) error {
	if len(words) == 0 {
		return nil
	}
	switch command := words[0]; command {
	case "login", "logout":
		return fmt.Errorf("pulumi %s does not work with the local cloud, whose state stays on this machine", command)
	case "logs":
		return fmt.Errorf("pulumi logs would leave this machine and call AWS: print the functions' logs with go run ./local logs")
	case "up", "update":
		if len(words) > 1 {
			return fmt.Errorf("pulumi %s %s would leave this machine and download the template %q: the local cloud runs only the project's program (if %[2]s is the value of a flag, write --flag=%[2]s)", command, words[1], words[1])
		}
	default:
		if !slices.Contains(localCommands(), command) {
			return fmt.Errorf("pulumi %s may call servers outside this machine: the local cloud supports only %s", command, strings.Join(localCommands(), ", "))
		}
	}
	if len(words) > 1 && slices.Contains(cloudCommands(), words[0]+" "+words[1]) {
		return fmt.Errorf("pulumi %s %s would call servers outside this machine, which the local cloud does not allow", words[0], words[1])
	}
	if len(words) > 2 && words[0] == "stack" && words[1] == "change-secrets-provider" {
		return refuseSecretsProvider(words[2])
	}
	return nil
}

// refuseSecretsProvider returns an error for a cloud's key. A file backend uses
// a passphrase by default.
func refuseSecretsProvider(name string) error {
	if name == "" || name == "default" || name == "passphrase" {
		return nil
	}
	return fmt.Errorf("the secrets provider %q is outside this machine: the local cloud encrypts with a passphrase", name)
}

// refuseFlags returns an error for flags that make a local command call another
// machine.
func refuseFlags(args []string) error {
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		name, value, joined := strings.Cut(args[i], "=")
		if !strings.HasPrefix(name, "-") {
			continue
		}
		if !joined && slices.Contains(valueFlags(), name) && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch {
		case name == "--secrets-provider":
			if err := refuseSecretsProvider(value); err != nil {
				return err
			}
		// Traces may go to a file or to a collector.
		case (name == "--tracing" || name == "--otel-traces") && !strings.HasPrefix(value, "file:"),
			// A local policy pack is a folder.
			name == "--policy-pack" && strings.Contains(value, "://"):
			return fmt.Errorf("%s %s would call servers outside this machine, which the local cloud does not allow", name, value)
		case slices.Contains([]string{"--cloud-url", "--client", "--copilot", "--neo", "--neo-task-on-failure"}, name), strings.HasPrefix(name, "--remote"):
			return fmt.Errorf("%s would call servers outside this machine, which the local cloud does not allow", name)
		}
	}
	return nil
}

// valueFlags returns Pulumi's flags whose value is a separate word: global
// flags, which may precede the subcommand, and the flags of `pulumi up`.
func valueFlags() []string {
	return []string{
		"-C", "--cwd", "-s", "--stack", "--color", "--profiling", "--tracing", "--otel-traces", "-v", "--verbose", "--memprofilerate",
		"-c", "--config", "--config-file", "-m", "--message", "-p", "--parallel", "-t", "--target", "--target-replace", "--replace", "--exclude",
		"--policy-pack", "--policy-pack-config", "--secrets-provider", "--plan", "--event-log", "--client", "--exec-kind", "--exec-agent",
	}
}

// commandWords returns the words that are neither flags nor values of flags.
func commandWords(args []string) (words []string) {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--":
			return append(words, args[i+1:]...)
		case slices.Contains(valueFlags(), args[i]):
			i++
		case !strings.HasPrefix(args[i], "-"):
			words = append(words, args[i])
		}
	}
	return words
}

// subcommand returns the first word of a command, or "".
func subcommand(args []string) string {
	if words := commandWords(args); len(words) > 0 {
		return words[0]
	}
	return ""
}
