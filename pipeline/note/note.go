// Package note tells what previews of stacks would change: as one Markdown
// note for a merge request, and as the counts that GitLab shows by itself.
//
// The note is read by people who decide, and it is public to whoever may read
// the merge request. So what cannot be undone stands on top and is the last to
// go where room is short; values that may be secret are left out; and no name
// or value, all of which a merge request can choose, acts as Markdown, HTML, a
// mention or a quick action of GitLab.
package note

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Marker is the first line of a note, by which it is found again. GitLab shows
// no comments of HTML.
const Marker = "<!-- pulumi preview -->"

// Limit is the size of a note in bytes that GitLab takes by default. It counts
// characters, of which a text never has more than bytes.
// https://docs.gitlab.com/administration/instance_limits/#size-of-comments-and-descriptions-of-issues-merge-requests-and-epics
const Limit = 1_000_000

// least is the smallest limit: less has no room to say that something is
// missing.
const least = 2000

// longestURL is the longest link: a longer one would leave too little room.
const longestURL = 500

// Options say what a note is about.
type Options struct {
	Commit      string // the whole SHA-1; "" leaves it out
	Pipeline    int64  // its id, by which a note tells that it is the newer one; 0 leaves it out
	PipelineURL string // where its jobs and artifacts are; "" leaves the link out

	// Zips are the sha256 of the zips that this commit makes, by the name of
	// the stack and of the function. A function whose zip is the same as what
	// is deployed does not change, even if its sources do. One that is not
	// here counts as changed.
	Zips map[string]map[string]string

	// Limit is the size of the note in bytes; 0 is GitLab's, and less than
	// 2000 is 2000.
	Limit int
}

// Render writes the note, in the order of the previews.
func Render(o Options, previews []Preview) string {
	limit := o.Limit
	if limit == 0 {
		limit = Limit
	}
	d := document{limit: max(limit, least), whole: "the artifacts of " + o.pipeline()}
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

// head is the marker, the id and the heading.
func (o Options) head() string {
	var b strings.Builder
	b.WriteString(Marker + "\n")
	if o.Pipeline != 0 {
		fmt.Fprintf(&b, "<!-- pipeline %d -->\n", o.Pipeline)
	}
	b.WriteString("\n### Preview")
	if o.Commit != "" {
		b.WriteString(" of " + code(cut(o.Commit, 8, ""), name))
	}
	if link := o.pipeline(); strings.HasPrefix(link, "[") {
		b.WriteString(" by " + link)
	}
	b.WriteString("\n")
	return b.String()
}

// pipeline is how a sentence names it, with a link where the URL is one.
func (o Options) pipeline() string {
	text := "this pipeline"
	if o.Pipeline != 0 {
		text = fmt.Sprint("pipeline ", o.Pipeline)
	}
	u, err := url.Parse(o.PipelineURL)
	if err != nil || !slices.Contains([]string{"http", "https"}, u.Scheme) || u.Host == "" || len(o.PipelineURL) > longestURL {
		return text
	}
	u.User = nil
	return "[" + text + "](<" + strings.NewReplacer("<", "%3C", ">", "%3E", "\\", "%5C", "@", "%40").Replace(u.String()) + ">)"
}
