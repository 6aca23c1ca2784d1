package build

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Debug builds a function for a debugger: with symbols, without optimizations, and
// with the paths of its sources on this machine. It returns the binary, which is
// named as in the zip and is no part of what is deployed.
func (b *Builder) Debug(ctx context.Context, function string) (string, error) {
	if !slices.Contains(b.functions, function) {
		return "", fmt.Errorf("%s: no such function; the declaration has %s", function, strings.Join(b.functions, ", "))
	}
	binary := absolute(filepath.Join(b.dist(), "debug", function, "bootstrap"))
	args := []string{"build", "-o", binary, "-gcflags", "all=-N -l", "-buildvcs=false", "-tags", tags}
	_, err := b.run(ctx, append(args, b.packages([]string{function})...))
	if failed, ok := errors.AsType[*goError](err); ok {
		return "", fmt.Errorf("%s: go build for %s failed:\n%s", function, b.target, failed.message)
	}
	return binary, err
}
