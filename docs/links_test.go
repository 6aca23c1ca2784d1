package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	linkForm    = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)]*))?\)`)
	headingForm = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	codeForm    = regexp.MustCompile("(?s)```.*?\n```")
)

// TestLinks checks that the links of the pages within the repository lead to a
// file, and to a heading of it.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, link := range linkForm.FindAllStringSubmatch(codeForm.ReplaceAllString(read(t, page), ""), -1) {
			target, anchor := link[1], link[2]
			if strings.Contains(target, "://") {
				continue
			}
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, target)
				continue
			}
			if anchor != "" && !anchors(read(t, file))[anchor] {
				t.Errorf("%s links to %s#%s, and there is no such heading", page, target, anchor)
			}
		}
	}
}

// anchors returns the names by which the headings of a page are linked.
// https://docs.gitlab.com/user/markdown/#heading-ids-and-links
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, heading := range headingForm.FindAllStringSubmatch(codeForm.ReplaceAllString(text, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ' || r == '-':
				return '-'
			case r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127:
				return r
			}
			return -1
		}, strings.ToLower(heading[1]))
		found[name] = true
	}
	return found
}
