// Package childtest writes programs that tests start.
package childtest

import (
	"fmt"
	"os/exec"
	"strings"
)

// Script writes an executable shell script to a file. A child process has the
// file open for writing. If this process had it open, one that another test
// forks at that moment would keep it open until its exec, and until then the
// script does not start: "text file busy" (https://go.dev/issue/22315).
func Script(path, text string) error {
	cmd := exec.Command("/bin/sh", "-c", `cat > "$1" && chmod 755 "$1"`, "sh", path)
	cmd.Env = []string{"PATH=/usr/bin:/bin"} // a test may have set another
	cmd.Stdin = strings.NewReader("#!/bin/sh\n" + text + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("write the script %s: %w\n%s", path, err, out)
	}
	return nil
}
