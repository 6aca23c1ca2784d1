// Package gitlab runs a project's GitLab pipeline on this machine: .gitlab-ci.yml
// as it stands, by gitlab-ci-local, each job in a shell and in a copy of the
// tracked files, with artifacts as its only way to the next one.
//
// Of what GitLab does it leaves out: images, resource groups, retries, timeouts,
// interruptions, and environments with their protection. A manual job runs when
// it is named, and nothing waits for it.
package gitlab
