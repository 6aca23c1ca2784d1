package note

import (
	"fmt"
	"strings"
)

// block is a part of a note. It closes every Markdown or HTML element that it
// opens. So the note is well-formed with or without it.
type block struct {
	open  string
	items []string // dropped first, from the end, when the note is too long
	close string
	rank  rank
	what  string // names the items for the sentence about dropped parts, such as "12 created in staging"

	dropped int // the number of dropped items
}

// rank orders blocks: the items with the highest rank are dropped first.
type rank int

const (
	keep rank = iota // for blocks without items
	dangers
	codeChanges
	failures
	details // the lowest of the ranks for details, which depend on the kind
)

// document is a note: its blocks in order.
type document struct {
	limit  int    // in bytes
	whole  string // where the complete preview is, as the end of a sentence
	blocks []block
	size   int // of the blocks, in bytes
}

func (d *document) add(b block) {
	d.blocks = append(d.blocks, b)
	d.size += b.size()
}

// String returns the note. It drops the least important parts until the rest
// fits: first the items of whole blocks, at the end single items of dangers. If
// the blocks without items are still too long, it drops blocks from the end.
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

// drop drops items of the least important block, and reports whether there was
// one. Items of dangers are dropped one by one until the note is that many
// bytes shorter.
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

// dropBlock drops the last block, and reports whether there was one besides the
// first.
func (d *document) dropBlock() bool {
	last := len(d.blocks) - 1
	if last < 1 {
		return false
	}
	d.size -= d.blocks[last].size()
	d.blocks = d.blocks[:last]
	d.blocks[0].dropped++ // the first block has no name, so leftOut reports whole stacks
	return true
}

// maxNamed is how many dropped parts the note names.
const maxNamed = 5

// leftOut returns the sentence about the dropped parts, or "".
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
	if more := len(what) - maxNamed; more > 0 {
		what = append(what[:maxNamed], fmt.Sprintf("%d more parts", more))
	}
	return "\n**This note was too long.** Left out: " + strings.Join(what, "; ") + ". Everything is in " + d.whole + ".\n"
}

// shown reports whether the block has something to show. A list without items
// has not.
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
