package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/urfave/cli/v3"
)

// completionCommand prints the completion script of a shell.
func completionCommand(l *commandLine) *cli.Command {
	return l.command(&cli.Command{
		Name: "completion", ArgsUsage: "bash|zsh|fish", Usage: "print a script that completes commands in a shell",
		Description: `The script defines a shell function that has the name of the Pulumi project and runs go run ./local.
It completes commands, flags, and the names of functions, tables, queues, schedules and stacks. The names
come from the cloud that serves.`,
		Metadata: examples("completion bash >>~/.bashrc", "completion zsh >>~/.zshrc", "completion fish >~/.config/fish/conf.d/local.fish"),
	}, func(_ context.Context, o options, stdout, stderr io.Writer) error {
		if len(o.args) != 1 {
			return misused("completion takes the name of a shell: bash, zsh or fish")
		}
		script, ok := completionScripts()[o.args[0]]
		if !ok {
			return misused("there is no completion for %q, only for bash, zsh and fish", o.args[0])
		}
		p, err := openProject(o)
		if err != nil {
			return err
		}
		if !functionName.MatchString(p.Name) {
			return fmt.Errorf("%q cannot be the name of a shell function: change the name of the project in Pulumi.yaml", p.Name)
		}
		_, err = io.WriteString(stdout, strings.ReplaceAll(script, "NAME", p.Name))
		return err
	})
}

// functionName matches function names that bash, zsh and fish all accept.
var functionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// completionScripts returns the scripts by shell. Each runs the command
// complete, which prints one candidate a line, or none for a file name.
func completionScripts() map[string]string {
	return map[string]string{
		"bash": `NAME() { go run ./local "$@"; }
_NAME_complete() {
	local IFS=$'\n'
	COMPREPLY=($(go run ./local complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _NAME_complete NAME
`,
		"zsh": `NAME() { go run ./local "$@"; }
_NAME_complete() {
	local -a found
	found=("${(@f)$(go run ./local complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
}
if ! whence compdef >/dev/null; then autoload -Uz compinit && compinit; fi
compdef _NAME_complete NAME
`,
		"fish": `function NAME; go run ./local $argv; end
function _NAME_complete
	set -l words (commandline -opc)
	set -l found (go run ./local complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
	if set -q found[1]; printf '%s\n' $found; else; __fish_complete_path (commandline -ct); end
end
complete -c NAME -f -a '(_NAME_complete)'
`,
	}
}
