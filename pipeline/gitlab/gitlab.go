// Package gitlab writes one note on a merge request. The note of a later
// pipeline replaces the note of an earlier one.
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

// MergeRequest says which merge request gets a note, and with which token.
type MergeRequest struct {
	API     string // the URL of GitLab's API, CI_API_V4_URL
	Project string // the project's id or path, CI_PROJECT_ID
	IID     int64  // the merge request's number in the project, CI_MERGE_REQUEST_IID
	Token   string // of a person, a project or a group, with the scope api

	backoff backoff // nil means wait
}

// Errors of Put that are not about the merge request.
var (
	ErrNoToken = errors.New("there is no token to write the note with, so it is only in the job's artifacts; " +
		"to write it to the merge request, create a project access token with the scope api and the role Developer, " +
		"and set it as a masked variable of the project: a job's own token cannot write notes")
	ErrNewer = errors.New("a newer pipeline has already written its note, which stays")
)

// Put writes a note whose first line is the marker. It replaces the token
// user's note with that marker, or adds a note if there is none. It returns the
// URL of the note. It fails with ErrNoToken or ErrNewer, or with an error that
// says what to do. With ErrNewer, the URL is the newer note's.
//
// Only notes of the token's own user are replaced: others may quote the marker,
// and their notes cannot be changed. If the second line of both notes is a
// comment with a pipeline's id, an older pipeline does not replace the note of
// a newer one. So a job that runs again does not restore an old note.
//
// Two pipelines that write at the same moment may still do that, or each add a
// note. Then the next Put replaces the oldest note and deletes the others. The
// oldest one is where the conversation began, and links point to it.
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

// link returns the URL of a note for a person. GitLab's API does not return it.
func link(mergeRequest string, note int64) string {
	return fmt.Sprintf("%s#note_%d", mergeRequest, note)
}

// mergeRequest returns the URL of the merge request's page.
func (c client) mergeRequest(ctx context.Context) (url string, err error) {
	mr, response, err := c.MergeRequests.GetMergeRequest(c.m.Project, c.m.IID, nil, gitlab.WithContext(ctx))
	if err != nil {
		return "", c.explain(ctx, "read the merge request", response, err)
	}
	return mr.WebURL, nil
}

// own returns the token user's notes with the marker, oldest first.
func (c client) own(ctx context.Context, marker string) (own []*gitlab.Note, err error) {
	me, response, err := c.Users.CurrentUser(gitlab.WithContext(ctx))
	if err != nil {
		return nil, c.explain(ctx, "read the token's user", response, err)
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

// write replaces the first of the notes with the text and deletes the others.
// Without notes, it adds one.
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
		// Another pipeline may have deleted it.
		if err != nil && !errors.Is(err, gitlab.ErrNotFound) {
			return 0, c.explain(ctx, fmt.Sprint("delete its note ", n.ID), response, err)
		}
	}
	return id, nil
}

var pipelineLine = regexp.MustCompile(`^[^\n]*\n<!-- pipeline ([0-9]{1,18}) -->`)

// pipeline returns the pipeline id in a note's second line, or 0. In one
// GitLab, later pipelines of all projects have larger ids.
func pipeline(text string) int64 {
	match := pipelineLine.FindStringSubmatch(text)
	if match == nil {
		return 0
	}
	id, _ := strconv.ParseInt(match[1], 10, 64)
	return id
}
