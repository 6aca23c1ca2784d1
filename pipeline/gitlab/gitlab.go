// Package gitlab puts a note on a merge request, and keeps it the one: the next
// pipeline's note takes the place of the last one's.
package gitlab

import (
	"context"
	"errors"
)

// MergeRequest is where a note goes, and as whom.
type MergeRequest struct {
	API     string // the URL of GitLab's API, CI_API_V4_URL
	Project string // the project's id or path, CI_PROJECT_ID
	IID     int64  // the merge request's number in the project, CI_MERGE_REQUEST_IID
	Token   string // of a user, a project or a group, with the scope api
}

// Put fails with one of these where it is not the merge request that is wrong.
var (
	ErrNoToken = errors.New("no token")
	ErrNewer   = errors.New("newer")
)

// Put writes the note whose text begins with the line marker: over the one that
// is there, or as a new one. It returns where the note is.
func (m MergeRequest) Put(ctx context.Context, marker, text string) (url string, err error) {
	return "", errors.ErrUnsupported
}
