package gitlab

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Project is a project as GitLab knows it, on one of its branches.
type Project struct {
	Server string // URL of GitLab, as it is the issuer of tokens
	Path   string // GROUP/PROJECT
	Branch string
}

// remotes are the forms of a remote's address: a scheme and a host, or an
// address of ssh.
var remotes = regexp.MustCompile(`^(?:(?:https?|ssh)://(?:[^@/]+@)?([^/:]+)(?::\d+)?/|(?:[^@/]+@)([^/:]+):)(.+?)(?:\.git)?/?$`)

// Find is the project whose checkout is in dir, by its remote, and the branch
// that is checked out. A path that is given stands over that of the remote.
func Find(dir, path string) (Project, error) {
	p := Project{Server: "https://gitlab.com", Path: path}
	branch, err := git(dir, "symbolic-ref", "--short", "HEAD")
	if err != nil {
		return p, fmt.Errorf("a pipeline is of a branch, and %s has none checked out: %w", dir, err)
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
		return p, fmt.Errorf("the remote origin of %s tells no GitLab project: name it with -project GROUP/PROJECT", dir)
	}
	return p, nil
}

func git(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// variables are those by which a job knows its project.
// https://docs.gitlab.com/ci/variables/predefined_variables/
func (p Project) variables() map[string]string {
	return map[string]string{"CI_SERVER_URL": p.Server, "CI_PROJECT_PATH": p.Path, "CI_COMMIT_REF_NAME": p.Branch}
}

// mergeRequest are the variables of a merge request within the project.
func (p Project) mergeRequest() map[string]string {
	return map[string]string{
		"CI_MERGE_REQUEST_IID":                 "1",
		"CI_MERGE_REQUEST_PROJECT_PATH":        p.Path,
		"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": p.Path,
		"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME":  p.Branch,
	}
}

// Subject is what a job's token says of whom it is for. A merge request's has
// its source branch.
// https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload
func (p Project) Subject() string {
	return "project_path:" + p.Path + ":ref_type:branch:ref:" + p.Branch
}
