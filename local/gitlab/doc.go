// Package gitlab runs a project's GitLab pipeline on this machine: the
// project's .gitlab-ci.yml, with gitlab-ci-local. Each job runs in a shell, in
// its own copy of the tracked files. Jobs pass files to later jobs only as
// artifacts.
//
// Not supported: images, resource groups, retries, timeouts, interruptions, and
// environments with their protection. A manual job runs if the command names
// it, and no job waits for it.
package gitlab
