package gitlab

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Project is a project in GitLab, with one of its branches.
type Project struct {
	Server string // URL of GitLab, which is also the issuer of its tokens
	Path   string // GROUP/PROJECT
	Branch string
}

// remotes matches the address of a remote: a URL, or an SSH address.
var remotes = regexp.MustCompile(`^(?:(?:https?|ssh)://(?:[^@/]+@)?([^/:]+)(?::\d+)?/|(?:[^@/]+@)([^/:]+):)(.+?)(?:\.git)?/?$`)

// Find returns the project whose checkout is in dir, and the branch that is
// checked out. It takes the project's path from the remote, unless path is set.
func Find(dir, path string) (Project, error) {
	p := Project{Server: "https://gitlab.com", Path: path}
	branch, err := git(dir, "symbolic-ref", "--short", "HEAD")
	if err != nil {
		return p, fmt.Errorf("a pipeline needs a branch, and %s has none checked out: %w", dir, err)
	}
	p.Branch = branch
	remote, _ := git(dir, "remote", "get-url", "origin")
	switch parts := remotes.FindStringSubmatch(remote); {
	case parts != nil:
		p.Server = "https://" + parts[1] + parts[2]
		if path == "" {
			p.Path = parts[3]
		}
	case path == "":
		return p, fmt.Errorf("the remote origin of %s is not a GitLab project: set -project GROUP/PROJECT", dir)
	}
	return p, nil
}

func git(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// variables returns the predefined variables that identify the project.
// https://docs.gitlab.com/ci/variables/predefined_variables/
func (p Project) variables() map[string]string {
	return map[string]string{"CI_SERVER_URL": p.Server, "CI_PROJECT_PATH": p.Path, "CI_COMMIT_REF_NAME": p.Branch}
}

// mergeRequest returns the variables of a merge request within the project.
func (p Project) mergeRequest() map[string]string {
	return map[string]string{
		"CI_MERGE_REQUEST_IID":                 "1",
		"CI_MERGE_REQUEST_PROJECT_PATH":        p.Path,
		"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": p.Path,
		"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME":  p.Branch,
	}
}

// Subject returns the subject of a job's token. For a merge request it contains
// the source branch.
// https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload
func (p Project) Subject() string {
	return "project_path:" + p.Path + ":ref_type:branch:ref:" + p.Branch
}
