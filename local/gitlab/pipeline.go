package gitlab

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// The sources of a pipeline, as in CI_PIPELINE_SOURCE.
// https://docs.gitlab.com/ci/jobs/job_rules/#ci_pipeline_source-predefined-variable
const (
	Push         = "push"
	MergeRequest = "merge_request_event"
	Schedule     = "schedule"
)

// Pipeline is one run of the pipeline, or of some of its jobs.
type Pipeline struct {
	Dir       string            // of the project, a git checkout; absolute
	State     string            // folder of the jobs' artifacts, absolute; later runs use them
	Project   Project           // the project of the pipeline
	Event     string            // one of the sources above: Push, MergeRequest, Schedule
	Variables map[string]string // override all others
	Jobs      []string          // empty: all that are not manual
}

// Args returns the arguments for gitlab-ci-local, which must run in p.Dir.
func (p Pipeline) Args() ([]string, error) {
	state, err := filepath.Rel(p.Dir, p.State)
	if err != nil {
		return nil, err
	}
	args := []string{"--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--state-dir", state}
	variables := p.Project.variables()
	variables["CI_PIPELINE_SOURCE"] = p.Event
	switch p.Event {
	case Push, Schedule:
	case MergeRequest:
		maps.Copy(variables, p.Project.mergeRequest())
		// A merge request pipeline has no branch.
		args = append(args, "--unset-variable", "CI_COMMIT_BRANCH")
	default:
		return nil, fmt.Errorf("the pipeline source must be one of %s, not %q", strings.Join([]string{Push, MergeRequest, Schedule}, ", "), p.Event)
	}
	maps.Copy(variables, p.Variables)
	names := slices.Sorted(maps.Keys(variables))
	args = append(args, "--ignore-predefined-vars", strings.Join(names, ","))
	for _, name := range names {
		args = append(args, "--variable", name+"="+variables[name])
	}
	return append(args, p.Jobs...), nil
}
