package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"

	"skiff/pipeline/gitlab"
	"skiff/pipeline/note"
)

// tokenVariable holds the token with which the note is written. It is an access
// token of a project or a person, with the scope api. GitLab does not let a
// job's own token write notes.
// https://docs.gitlab.com/ci/jobs/ci_job_token/
const tokenVariable = "GITLAB_NOTE_TOKEN"

// note shows the previews of the stacks: as a note on the merge request, as the
// same text in a file, and as a file of counts for GitLab's widget.
func (p pipeline) note(*flag.FlagSet) func(context.Context, []string) error {
	return func(ctx context.Context, stacks []string) error {
		var previews []note.Preview
		for _, stack := range stacks {
			shown, err := p.readPreview(stack)
			if err != nil {
				return err
			}
			previews = append(previews, shown)
		}
		options, err := p.noteOptions(stacks)
		if err != nil {
			return err
		}
		text := note.Render(options, previews)
		if err := os.WriteFile(p.noteFile(), []byte(text), 0o644); err != nil {
			return err
		}
		// A failed preview has no counts, but its note is still written.
		if widget, err := note.Widget(previews); err != nil {
			fmt.Fprintf(p.stderr, "note: there are no counts for GitLab's widget: %v\n", err)
		} else if err := os.WriteFile(p.widgetFile(), widget, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, text)
		return p.putNote(ctx, text)
	}
}

// readPreview reads the result of a preview, or why it failed.
func (p pipeline) readPreview(stack string) (note.Preview, error) {
	data, err := os.ReadFile(p.previewFile(stack))
	if errors.Is(err, os.ErrNotExist) {
		return note.Preview{Stack: stack}.Fail("there is no preview: its job failed before the preview, or its artifacts have expired; see the job's log"), nil
	}
	if err != nil {
		return note.Preview{}, err
	}
	shown, err := note.Read(stack, data)
	if reason, readErr := os.ReadFile(p.errorFile(stack)); readErr == nil {
		return shown.Fail(string(reason)), nil
	}
	return shown, err
}

// noteOptions returns what the note shows about the pipeline.
func (p pipeline) noteOptions(stacks []string) (note.Options, error) {
	commit, err := p.commit()
	if err != nil {
		return note.Options{}, err
	}
	id, _ := strconv.ParseInt(p.getenv("CI_PIPELINE_ID"), 10, 64)
	o := note.Options{Commit: commit, Pipeline: id, PipelineURL: p.getenv("CI_PIPELINE_URL"), Zips: map[string]map[string]string{}}
	var m manifest
	if err := readJSON(p.manifestFile(), "build", &m); err != nil {
		return o, nil // without zips, each function that is built again counts as changed
	}
	for _, stack := range stacks {
		_, target, err := p.builder(stack)
		if err != nil {
			return o, err
		}
		o.Zips[stack] = m.zips(target.OS + "-" + target.Arch)
	}
	return o, nil
}

// putNote writes the note to the merge request. Without a merge request or a
// token, the note is only in the job's artifacts.
func (p pipeline) putNote(ctx context.Context, text string) error {
	iid, err := strconv.ParseInt(p.getenv("CI_MERGE_REQUEST_IID"), 10, 64)
	if err != nil {
		fmt.Fprintf(p.stderr, "note: this pipeline has no merge request (CI_MERGE_REQUEST_IID is not set), so the note is only in %s\n", p.noteFile())
		return nil
	}
	url, err := gitlab.MergeRequest{
		API: p.getenv("CI_API_V4_URL"), Project: p.getenv("CI_PROJECT_ID"), IID: iid, Token: p.getenv(tokenVariable),
	}.Put(ctx, note.Marker, text)
	switch {
	case errors.Is(err, gitlab.ErrNoToken), errors.Is(err, gitlab.ErrNewer):
		fmt.Fprintf(p.stderr, "note: %v; the note is in %s\n", err, p.noteFile())
		return nil
	case err != nil:
		return fmt.Errorf("%w; the note is in %s", err, p.noteFile())
	}
	fmt.Fprintf(p.stderr, "note: %s\n", url)
	return nil
}
