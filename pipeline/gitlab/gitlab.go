// Package gitlab puts a note on a merge request, and keeps it the one: the next
// pipeline's note takes the place of the last one's.
package gitlab

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gitlab.com/gitlab-org/api/client-go"
)

// MergeRequest is where a note goes, and as whom.
type MergeRequest struct {
	API     string // the URL of GitLab's API, CI_API_V4_URL
	Project string // the project's id or path, CI_PROJECT_ID
	IID     int64  // the merge request's number in the project, CI_MERGE_REQUEST_IID
	Token   string // of a user, a project or a group, with the scope api

	backoff backoff // nil is wait
}

// What Put fails with where nothing is wrong with the merge request.
var (
	ErrNoToken = errors.New("there is no token to write the note with, so it is only among the job's artifacts; " +
		"to have it at the merge request, make a project access token with the scope api and the role Developer, " +
		"and put it into a masked variable of the project: a job's own token may not write notes")
	ErrNewer = errors.New("a newer pipeline has written its note already, which stays")
)

// Put writes a note whose first line is the marker: over the one that is there,
// or as a new one. It returns where the note is; with ErrNewer, where the newer
// one is.
//
// A note is the one that is there if its first line is the marker and the
// token's own user wrote it: others may quote it, and only an own one may be
// changed. If its second line is a comment with a pipeline's id, and so is that
// of the text, an older pipeline does not write over a newer one: a job that is
// run again would bring back what is no longer so. Two that look at the same
// moment may still do so, or write a note each. The next to come keeps the
// oldest, which stands where the conversation began and which links point to,
// and deletes the others: they would tell of a commit that is past.
func (m MergeRequest) Put(ctx context.Context, marker, text string) (url string, err error) {
	m.Token = strings.TrimSpace(m.Token)
	if m.Token == "" {
		return "", ErrNoToken
	}
	if first, _, _ := strings.Cut(text, "\n"); first != marker {
		return "", fmt.Errorf("the note begins with %.40q, not with its marker %q", first, marker)
	}
	c, err := m.connect()
	if err != nil {
		return "", err
	}
	at, err := c.mergeRequest(ctx)
	if err != nil {
		return "", err
	}
	notes, err := c.own(ctx, marker)
	if err != nil {
		return "", err
	}
	for _, n := range notes {
		if pipeline(text) > 0 && pipeline(n.Body) > pipeline(text) {
			return link(at, n.ID), fmt.Errorf("pipeline %d, not %d: %w", pipeline(n.Body), pipeline(text), ErrNewer)
		}
	}
	id, err := c.write(ctx, notes, text)
	if err != nil {
		return "", err
	}
	return link(at, id), nil
}

// link is where a person finds the note. The API has no URL of it.
func link(mergeRequest string, note int64) string {
	return fmt.Sprintf("%s#note_%d", mergeRequest, note)
}

// mergeRequest is its page.
func (c client) mergeRequest(ctx context.Context) (url string, err error) {
	mr, response, err := c.MergeRequests.GetMergeRequest(c.m.Project, c.m.IID, nil, gitlab.WithContext(ctx))
	if err != nil {
		return "", c.explain(ctx, "read the merge request", response, err)
	}
	return mr.WebURL, nil
}

// own are the notes with the marker that the token's user wrote, the oldest
// first.
func (c client) own(ctx context.Context, marker string) (own []*gitlab.Note, err error) {
	me, response, err := c.Users.CurrentUser(gitlab.WithContext(ctx))
	if err != nil {
		return nil, c.explain(ctx, "read whose the token is", response, err)
	}
	options := &gitlab.ListMergeRequestNotesOptions{
		ListOptions: gitlab.ListOptions{PerPage: 100},
		OrderBy:     gitlab.Ptr("created_at"),
		Sort:        gitlab.Ptr("asc"),
	}
	for {
		notes, response, err := c.Notes.ListMergeRequestNotes(c.m.Project, c.m.IID, options, gitlab.WithContext(ctx))
		if err != nil {
			return nil, c.explain(ctx, "list the notes", response, err)
		}
		for _, n := range notes {
			if first, _, _ := strings.Cut(n.Body, "\n"); strings.TrimSpace(first) == marker && n.Author.ID == me.ID && !n.System {
				own = append(own, n)
			}
		}
		if response.NextPage == 0 {
			return own, nil
		}
		options.Page = response.NextPage
	}
}

// write puts the text into the first of the notes and deletes the others, or
// makes one if there is none.
func (c client) write(ctx context.Context, notes []*gitlab.Note, text string) (id int64, err error) {
	if len(notes) == 0 {
		n, response, err := c.Notes.CreateMergeRequestNote(c.m.Project, c.m.IID, &gitlab.CreateMergeRequestNoteOptions{Body: &text}, gitlab.WithContext(ctx))
		if err != nil {
			return 0, c.explain(ctx, "write a note", response, err)
		}
		return n.ID, nil
	}
	id = notes[0].ID
	_, response, err := c.Notes.UpdateMergeRequestNote(c.m.Project, c.m.IID, id, &gitlab.UpdateMergeRequestNoteOptions{Body: &text}, gitlab.WithContext(ctx))
	if err != nil {
		return 0, c.explain(ctx, fmt.Sprint("change its note ", id), response, err)
	}
	for _, n := range notes[1:] {
		response, err := c.Notes.DeleteMergeRequestNote(c.m.Project, c.m.IID, n.ID, gitlab.WithContext(ctx))
		// Another pipeline may have deleted it since.
		if err != nil && !errors.Is(err, gitlab.ErrNotFound) {
			return 0, c.explain(ctx, fmt.Sprint("delete its note ", n.ID), response, err)
		}
	}
	return id, nil
}

var pipelineLine = regexp.MustCompile(`^[^\n]*\n<!-- pipeline ([0-9]{1,18}) -->`)

// pipeline is the id in a note's second line, or 0. Ids grow over all projects
// of a GitLab.
func pipeline(text string) int64 {
	match := pipelineLine.FindStringSubmatch(text)
	if match == nil {
		return 0
	}
	id, _ := strconv.ParseInt(match[1], 10, 64)
	return id
}
