package note

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// markdown renders as GitLab does, before GitLab removes forbidden HTML.
var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))

// ours matches the tags that a note may have. Only links and code blocks have
// attributes.
var ours = regexp.MustCompile(`^</?(h3|h4|p|ul|li|strong|em|code|pre|details|summary)>$|^<code class="language-text">$|^<a href="` +
	regexp.QuoteMeta(options.PipelineURL) + `">$|^</a>$|^<!-- (pulumi preview|pipeline 4711) -->$`)

var (
	tag  = regexp.MustCompile(`<!--.*?-->|<[^>]*>`)
	span = regexp.MustCompile(`(?s)<code[^>]*>.*?</code>`)
)

// check checks what must be true of every note.
func check(t *testing.T, note string, limit int) {
	t.Helper()
	if len(note) > limit {
		t.Errorf("%d bytes, more than %d", len(note), limit)
	}
	if !utf8.ValidString(note) {
		t.Error("not UTF-8")
	}
	if !strings.HasPrefix(note, Marker+"\n") {
		t.Errorf("begins with %.40q", note)
	}
	for line := range strings.Lines(note) {
		if strings.HasPrefix(strings.TrimSpace(line), "/") || strings.HasPrefix(line, "::") {
			t.Errorf("GitLab may act on the line %q", line)
		}
	}
	for _, r := range note {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("holds %U, which does not print", r)
		}
	}
	var rendered bytes.Buffer
	if err := markdown.Convert([]byte(note), &rendered); err != nil {
		t.Fatal(err)
	}
	outside := span.ReplaceAllString(rendered.String(), "")
	for _, found := range tag.FindAllString(rendered.String(), -1) {
		if !ours.MatchString(found) {
			t.Errorf("renders the tag %s in\n%s", found, note)
		}
	}
	if text := tag.ReplaceAllString(outside, ""); strings.ContainsAny(text, "@<`|~[") {
		t.Errorf("shows outside of code\n%s", text)
	}
	for _, pair := range []string{"details", "summary", "ul", "li", "p", "strong"} {
		if open, closed := strings.Count(outside, "<"+pair+">"), strings.Count(outside, "</"+pair+">"); open != closed {
			t.Errorf("%d %s are opened, %d closed, in\n%s", open, pair, closed, note)
		}
	}
}

// hostile lists names and values that try to act as Markdown, HTML or quick
// actions.
var hostile = []string{
	"plain", "</details>", "</summary></details>\n\n<script>alert(1)</script>", "<!-- pulumi preview -->", "-->", "@all", "\n/merge\n", "/close",
	"/merge", "![x](https://evil.example/x.png)", "[x](javascript:alert(1))", "https://evil.example", "<https://evil.example>", "|---|---|", "a|b",
	"`", "``", "```", "````````", "`a`", "` `", " ", "  ", "", "\x00", "\r\n\r\n# Heading", "\u202egnp.exe", "\u200b", "\u2028/merge", "\ufeff",
	"```\n/merge\n```", "~~~\n/merge\n~~~", "::include{file=README.md}", "[[_TOC_]]", "$`a`$", ":smile:", "#1 !2 ~label %milestone &3",
	"a@example.com", "*a* _b_ **c**", "\\`", "\\", "</code>", "&lt;b&gt;", "&#64;all", strings.Repeat("`", 100), strings.Repeat("é", 100),
	strings.Repeat("\u202e", 100), "\t\tx", "---", "> quote", "- list", "1. list", "[^1]: note", "\n\n    code",
}

// documentOf returns the JSON of a preview that has the text in every place.
func documentOf(t testing.TB, text string) []byte {
	t.Helper()
	states := func(n int) map[string]any {
		return map[string]any{
			"inputs":  map[string]any{"a": text, "b": map[string]any{text: text + string(rune('0'+n))}, text: n},
			"outputs": map[string]any{"a": text + string(rune('0'+n)), "stdout": text},
		}
	}
	var steps []any
	for op := range kinds {
		steps = append(steps, map[string]any{
			"op": op, "urn": "urn:pulumi:staging::project::" + text + "$aws:x/y:" + text + "::" + text + op, "oldState": states(0), "newState": states(1),
			"replaceReasons": []string{text},
			"detailedDiff": map[string]any{
				"a": map[string]any{"kind": "update-replace"}, "b": map[string]any{"kind": "update"}, text: map[string]any{"kind": text},
				`["` + text + `"]`: map[string]any{"kind": "add"}, "b." + text: map[string]any{"kind": "delete-replace"},
			},
		}, map[string]any{
			"op": op, "urn": "urn:pulumi:staging::project::project:lambda:Function$command:local:Command::" + text + op,
			"newState": map[string]any{"inputs": map[string]any{"environment": map[string]any{"FUNCTION_DIGEST": text}}},
		})
	}
	data, err := json.Marshal(map[string]any{
		"steps":       steps,
		"diagnostics": []any{map[string]any{"message": text, "severity": "error"}, map[string]any{"message": "a\n" + text + "\n" + text, "severity": "error"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// No text acts as anything but text, wherever it is and wherever the note is
// cut.
func TestHostile(t *testing.T) {
	t.Parallel()
	for _, text := range hostile {
		data := documentOf(t, text)
		p, err := Read(text, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{0, 3000, 5000, 10_000} {
			o := options
			o.Commit, o.Limit = text, limit
			if limit == 0 {
				limit = Limit
			}
			check(t, Render(o, []Preview{p, p.Fail(text)}), limit)
		}
	}
}

// No input makes Read panic, or Render exceed the limit or let a text act.
func FuzzRead(f *testing.F) {
	for _, text := range hostile {
		f.Add(documentOf(f, text), text, 3000)
	}
	f.Add([]byte(`{"steps":[null,{"op":"same","oldState":{"protect":true},"newState":{}},{"op":"update","detailedDiff":{"a[":null,"":{}}}]}`), "", 0)
	f.Fuzz(func(t *testing.T, data []byte, text string, limit int) {
		p, _ := Read(text, data)
		o := options
		o.Commit = text
		o.Limit = min(max(limit, minLimit), Limit)
		check(t, Render(o, []Preview{p, p.Fail(text)}), o.Limit)
		Widget([]Preview{p})
	})
}
