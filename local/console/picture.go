package console

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode/utf8"

	"skiff/local/inspect"
)

// Sizes in the picture.
const (
	boxWidth  = 236
	boxHeight = 26
	boxGap    = 9
	columnGap = 120
	top       = 30
	charWidth = 7.3
	kindWidth = 5.6 // width of a character of the kind
)

// box is a node with its position.
type box struct {
	inspect.Node
	X, Y   int
	order  float64
	column int
}

// draw draws the stack in three columns: callers, functions, and the resources
// that functions use. It highlights path.
func draw(p inspect.Picture, path map[string]bool) template.HTML {
	columns := arrange(p)
	boxes := map[string]box{}
	height := 0
	for _, column := range columns {
		for _, b := range column {
			boxes[b.ID] = b
		}
		height = max(height, top+len(column)*(boxHeight+boxGap))
	}
	if len(boxes) == 0 {
		return `<p class="note">The stack is empty.</p>`
	}
	width := 3*boxWidth + 2*columnGap + 40
	var s strings.Builder
	fmt.Fprintf(&s, `<div class="scroll picture" tabindex="0" role="region" aria-label="Picture of the stack"><svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, width, height+6, template.HTMLEscapeString(inWords(p, path)))
	s.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="context-stroke"/></marker></defs>`)
	for i, label := range []string{"called by", "functions", "work with"} {
		fmt.Fprintf(&s, `<text class="label" x="%d" y="16">%s</text>`, columnX(i), label)
	}
	for _, lit := range []bool{false, true} { // the highlighted edges are drawn on top
		for _, e := range p.Edges {
			from, here := boxes[e.From]
			to, there := boxes[e.To]
			if here && there && lit == path[e.From+" > "+e.To] {
				drawEdge(&s, e, from, to, tone(path, lit))
			}
		}
	}
	for _, column := range columns {
		for _, b := range column {
			drawBox(&s, b, tone(path, path[b.ID]))
		}
	}
	s.WriteString(`</svg></div><p class="legend">Solid: a call, or a right to call. Dashed: delivers messages or records. Dotted: asks the authorizer.</p>`)
	return template.HTML(s.String())
}

func tone(path map[string]bool, lit bool) string {
	switch {
	case lit:
		return " lit"
	case len(path) > 0:
		return " dim"
	}
	return ""
}

func columnX(column int) int { return column*(boxWidth+columnGap) + 2 }

// arrange puts nodes into columns, each near the nodes that it is linked with.
// It omits resources without links, but keeps functions and callers.
func arrange(p inspect.Picture) [3][]box {
	var columns [3][]box
	for _, n := range p.Nodes {
		linked := slices.ContainsFunc(p.Edges, func(e inspect.Edge) bool { return e.From == n.ID || e.To == n.ID })
		switch {
		case n.Caller():
			columns[0] = append(columns[0], box{Node: n})
		case n.Kind == "function":
			columns[1] = append(columns[1], box{Node: n, column: 1})
		case linked:
			columns[2] = append(columns[2], box{Node: n, column: 2})
		}
	}
	for i := range columns {
		for j := range columns[i] {
			b := &columns[i][j]
			b.order = float64(j)
			if i > 0 {
				b.order = nearTo(p, b.ID, columns[i-1])
			}
		}
		if i > 0 {
			slices.SortStableFunc(columns[i], func(a, b box) int { return cmp.Compare(a.order, b.order) })
		}
		for j := range columns[i] {
			columns[i][j].X, columns[i][j].Y = columnX(i), top+j*(boxHeight+boxGap)
		}
	}
	return columns
}

// nearTo returns the mean position of a node's neighbours in the previous
// column.
func nearTo(p inspect.Picture, id string, before []box) float64 {
	sum, n := 0.0, 0
	for _, e := range p.Edges {
		for j, b := range before {
			if e.Kind != "asks" && (e.From == b.ID && e.To == id || e.To == b.ID && e.From == id) {
				sum, n = sum+float64(j), n+1
			}
		}
	}
	if n == 0 {
		return float64(len(before))
	}
	return sum / float64(n)
}

// drawEdge draws a curve. An edge from a queue back to a function looks like an
// event; an edge within a column bends outwards.
func drawEdge(s *strings.Builder, e inspect.Edge, from, to box, tone string) {
	class := "edge"
	y1, y2 := from.Y+boxHeight/2, to.Y+boxHeight/2
	x1, x2 := from.X+boxWidth, to.X
	bend1, bend2 := x1+columnGap/2, x2-columnGap/2
	switch {
	case e.Kind == "asks" || e.Kind == "dead":
		class += " " + e.Kind
	case from.column > to.column:
		class += " feeds"
	}
	switch {
	case from.column > to.column:
		x1, x2 = from.X, to.X+boxWidth
		bend1, bend2 = x1-columnGap/2, x2+columnGap/2
		y1, y2 = y1+5, y2+5
	case from.column == to.column:
		x2 = to.X + boxWidth
		bend1, bend2 = x1+26, x2+26
	}
	fmt.Fprintf(s, `<path class="%s%s" d="M%d %dC%d %d %d %d %d %d" marker-end="url(#tip)"/>`, class, tone, x1, y1, bend1, y1, bend2, y2, x2, y2)
}

func drawBox(s *strings.Builder, b box, tone string) {
	name, kind := b.Name, b.Kind
	if kind == "route" || kind == "function" {
		kind = ""
	}
	room := int((boxWidth - 26 - kindWidth*float64(len(kind))) / charWidth)
	if utf8.RuneCountInString(name) > room {
		name = string([]rune(name)[:room-1]) + "…"
	}
	fmt.Fprintf(s, `<g class="node%s"><title>%s</title><rect class="box%s" x="%d" y="%d" width="%d" height="%d" rx="5"/>`,
		tone, template.HTMLEscapeString(b.Kind+" "+b.Name), tone, b.X, b.Y, boxWidth, boxHeight)
	fmt.Fprintf(s, `<text x="%d" y="%d">%s</text>`, b.X+10, b.Y+17, template.HTMLEscapeString(name))
	fmt.Fprintf(s, `<text class="kind" x="%d" y="%d" text-anchor="end">%s</text></g>`, b.X+boxWidth-9, b.Y+17, kind)
}

// inWords describes the picture for people who do not see it: the highlighted
// path, or the whole stack.
func inWords(p inspect.Picture, path map[string]bool) string {
	var names []string
	count := 0
	for _, n := range p.Nodes {
		if path[n.ID] {
			names = append(names, n.Kind+" "+n.Name)
		}
		if n.Kind == "function" {
			count++
		}
	}
	if len(names) > 0 {
		return "It went through " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("The stack with %d functions; the table of functions describes it", count)
}
