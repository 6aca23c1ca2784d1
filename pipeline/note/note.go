// Package note renders previews of stacks: as one Markdown note for a merge
// request, and as the counts for GitLab's widget.
//
// People who read the note decide whether to merge, and everyone who can see
// the merge request can read it. So the changes that cannot be undone come
// first, and are left out last when the note is too long. Values that may be
// secret are left out. A merge request can choose names and values, so none of
// them acts as Markdown, HTML, a mention or a quick action.
package note

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Marker is the first line of a note, with which the note is found again.
// GitLab does not show HTML comments.
const Marker = "<!-- pulumi preview -->"

// Limit is the size of the longest note that GitLab accepts by default. GitLab
// counts characters, and Limit counts bytes, of which a text never has fewer.
// https://docs.gitlab.com/administration/instance_limits/#size-of-comments-and-descriptions-of-issues-merge-requests-and-epics
const Limit = 1_000_000

// minLimit is the smallest limit: a shorter note has no room to say what is
// left out.
const minLimit = 2000

// maxURL is the length of the longest link. A longer one would leave too little
// room.
const maxURL = 500

// Options describe the pipeline of a note.
type Options struct {
	Commit      string // the whole SHA-1; "" leaves it out
	Pipeline    int64  // the pipeline's id, so that an older note does not replace a newer one; 0 leaves it out
	PipelineURL string // the pipeline's page; "" leaves the link out

	// Zips are the sha256 of the zips that this commit builds, by stack and
	// function. A function whose zip is already deployed does not change, even
	// if its sources do. A function without an entry counts as changed.
	Zips map[string]map[string]string

	// Limit is the size of the note in bytes. 0 means the constant Limit. The
	// least is 2000.
	Limit int
}

// Render returns the note, with the previews in this order.
func Render(o Options, previews []Preview) string {
	limit := o.Limit
	if limit == 0 {
		limit = Limit
	}
	d := document{limit: max(limit, minLimit), whole: "the artifacts of " + o.pipeline()}
	d.add(block{open: o.head()})
	for _, p := range previews {
		if p.Failed() {
			d.add(p.failure())
		}
	}
	for _, p := range previews {
		if b, ok := p.dangers(); ok {
			d.add(b)
		}
	}
	for _, p := range previews {
		if b, ok := p.summary(o.Zips[p.Stack]); ok {
			d.add(b)
		}
		for _, k := range []kind{replaced, protected, updated, imported, created} {
			if b, ok := p.details(k); ok {
				d.add(b)
			}
		}
	}
	return d.String()
}

// head returns the marker, the pipeline's id and the heading.
func (o Options) head() string {
	var b strings.Builder
	b.WriteString(Marker + "\n")
	if o.Pipeline != 0 {
		fmt.Fprintf(&b, "<!-- pipeline %d -->\n", o.Pipeline)
	}
	b.WriteString("\n### Preview")
	if o.Commit != "" {
		b.WriteString(" of " + code(cut(o.Commit, 8, ""), maxName))
	}
	if link := o.pipeline(); strings.HasPrefix(link, "[") {
		b.WriteString(" by " + link)
	}
	b.WriteString("\n")
	return b.String()
}

// pipeline returns the pipeline as a sentence names it, with a link if
// PipelineURL is valid.
func (o Options) pipeline() string {
	text := "this pipeline"
	if o.Pipeline != 0 {
		text = fmt.Sprint("pipeline ", o.Pipeline)
	}
	u, err := url.Parse(o.PipelineURL)
	if err != nil || !slices.Contains([]string{"http", "https"}, u.Scheme) || u.Host == "" || len(o.PipelineURL) > maxURL {
		return text
	}
	u.User = nil
	return "[" + text + "](<" + strings.NewReplacer("<", "%3C", ">", "%3E", "\\", "%5C", "@", "%40").Replace(u.String()) + ">)"
}
