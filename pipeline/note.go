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

// The token that may write notes: of a project or a person, with the scope api.
// A job's own token may not.
// https://docs.gitlab.com/ci/jobs/ci_job_token/
const tokenVariable = "GITLAB_NOTE_TOKEN"

// note tells what was previewed of the stacks: in one note on the merge request,
// and in a file; as counts for GitLab's own widget in another.
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
		// A preview that failed has no counts, and its note all the more to tell.
		if widget, err := note.Widget(previews); err != nil {
			fmt.Fprintf(p.stderr, "note: no counts for GitLab's widget: %v\n", err)
		} else if err := os.WriteFile(p.widgetFile(), widget, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, text)
		return p.putNote(ctx, text)
	}
}

// readPreview reads what a preview has left, or why it failed.
func (p pipeline) readPreview(stack string) (note.Preview, error) {
	data, err := os.ReadFile(p.previewFile(stack))
	if errors.Is(err, os.ErrNotExist) {
		return note.Preview{Stack: stack}.Fail("no preview was made: its job failed before it came to that, or its artifacts have expired; see the job's log"), nil
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

// noteOptions is what the note says of the pipeline.
func (p pipeline) noteOptions(stacks []string) (note.Options, error) {
	commit, err := p.commit()
	if err != nil {
		return note.Options{}, err
	}
	id, _ := strconv.ParseInt(p.getenv("CI_PIPELINE_ID"), 10, 64)
	o := note.Options{Commit: commit, Pipeline: id, PipelineURL: p.getenv("CI_PIPELINE_URL"), Zips: map[string]map[string]string{}}
	var m manifest
	if err := readJSON(p.manifestFile(), "build", &m); err != nil {
		return o, nil // no zips: then what is built anew counts as changed
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

// putNote puts the note on the merge request. Where it cannot be put for want of
// a token, the artifact has it.
func (p pipeline) putNote(ctx context.Context, text string) error {
	iid, err := strconv.ParseInt(p.getenv("CI_MERGE_REQUEST_IID"), 10, 64)
	if err != nil {
		fmt.Fprintf(p.stderr, "note: no merge request here (CI_MERGE_REQUEST_IID), so the note is in %s alone\n", p.noteFile())
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
