package note

import (
	"fmt"
	"strings"
)

// block is a part of a note. It opens and closes what it opens, so that a note
// without it is as well-formed as with it.
type block struct {
	open  string
	items []string // go first where room is short, the last of them before the others
	close string
	rank  rank
	what  string // names the items, as in "12 that are created in staging"

	dropped int // items
}

// rank is how early items go, the highest first.
type rank int

const (
	keep rank = iota // has no items
	dangers
	codeChanges
	failures
	details // and above: by kind
)

// document is the blocks of a note in their order.
type document struct {
	limit  int    // in bytes
	whole  string // where all is that does not fit, as the end of a sentence
	blocks []block
	size   int // of the blocks, in bytes
}

func (d *document) add(b block) {
	d.blocks = append(d.blocks, b)
	d.size += b.size()
}

// String drops what is least important until the rest fits: first whole blocks
// of details, at the end items of those who are told last. If not even the
// fixed parts fit, blocks go from the end.
func (d *document) String() string {
	left := d.leftOut()
	for d.size+len(left) > d.limit && (d.drop(d.size+len(left)-d.limit) || d.dropBlock()) {
		left = d.leftOut()
	}
	var b strings.Builder
	b.Grow(d.size + len(left))
	for _, block := range d.blocks {
		block.write(&b)
	}
	b.WriteString(left)
	return b.String()
}

// drop takes items of the block that is least important, and tells whether
// there was one. Those told last go one by one, until so many bytes are gone.
func (d *document) drop(bytes int) bool {
	least := -1
	for i, b := range d.blocks {
		if len(b.items) > 0 && (least < 0 || b.rank >= d.blocks[least].rank) {
			least = i
		}
	}
	if least < 0 {
		return false
	}
	b := &d.blocks[least]
	d.size -= b.size()
	for rest := bytes; len(b.items) > 0 && (rest > 0 || b.rank != dangers); b.dropped++ {
		last := len(b.items) - 1
		rest -= len(b.items[last])
		b.items = b.items[:last]
	}
	d.size += b.size()
	return true
}

// dropBlock takes the last block, unless it is the first.
func (d *document) dropBlock() bool {
	last := len(d.blocks) - 1
	if last < 1 {
		return false
	}
	d.size -= d.blocks[last].size()
	d.blocks = d.blocks[:last]
	d.blocks[0].dropped++ // has no name of its own
	return true
}

// mostNamed is how many of the parts that are left out have a name.
const mostNamed = 5

// leftOut is the sentence that says what is missing, or "".
func (d *document) leftOut() string {
	var what []string
	for _, b := range d.blocks {
		switch {
		case b.dropped == 0:
		case b.what == "":
			what = append(what, "whole stacks")
		case b.rank == dangers:
			what = append(what, fmt.Sprintf("%d %s", b.dropped, b.what))
		default:
			what = append(what, b.what)
		}
	}
	if len(what) == 0 {
		return ""
	}
	if more := len(what) - mostNamed; more > 0 {
		what = append(what[:mostNamed], fmt.Sprintf("%d more parts", more))
	}
	return "\n**Not all of it fits here.** Left out: " + strings.Join(what, "; ") + ". The whole is in " + d.whole + ".\n"
}

// shown tells whether there is something to show: a list without items is not.
func (b block) shown() bool { return b.rank < details || len(b.items) > 0 }

func (b block) size() int {
	var s strings.Builder
	b.write(&s)
	return s.Len()
}

func (b block) write(s *strings.Builder) {
	if !b.shown() {
		return
	}
	s.WriteString(b.open)
	for _, item := range b.items {
		s.WriteString(item)
	}
	if b.rank == dangers && b.dropped > 0 {
		fmt.Fprintf(s, "- and %d more\n", b.dropped)
	}
	s.WriteString(b.close)
}
