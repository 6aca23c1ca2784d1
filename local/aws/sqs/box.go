package sqs

import (
	"container/heap"
	"time"
)

// box is the messages of one queue, each in one of two piles: those that may
// be received, in order of arrival, and those that are hidden, in the order in
// which they appear. Queues.mu guards it.
type box struct {
	entries map[uint64]*entry
	ready   pile
	hidden  pile

	changed chan struct{} // closed when there may be more to receive
	purged  time.Time
}

type entry struct {
	message
	pile  *pile
	index int // in the pile
}

func newBox() *box {
	b := &box{entries: map[uint64]*entry{}, changed: make(chan struct{})}
	b.ready.before = func(a, b *entry) bool { return a.Number < b.Number }
	b.hidden.before = func(a, b *entry) bool { return a.Visible.Before(b.Visible) }
	return b
}

// put adds a message, or replaces what is known of it.
func (b *box) put(m message, now time.Time) {
	b.remove(m.Number)
	e := &entry{message: m, pile: &b.ready}
	if m.Visible.After(now) {
		e.pile = &b.hidden
	}
	b.entries[m.Number] = e
	heap.Push(e.pile, e)
}

func (b *box) remove(number uint64) {
	if e := b.entries[number]; e != nil {
		heap.Remove(e.pile, e.index)
		delete(b.entries, number)
	}
}

// appear moves to the ready ones what is hidden no longer.
func (b *box) appear(now time.Time) {
	for b.hidden.Len() > 0 && !b.hidden.entries[0].Visible.After(now) {
		e := heap.Pop(&b.hidden).(*entry)
		e.pile = &b.ready
		heap.Push(e.pile, e)
	}
}

// first are the ready messages that come first: limit of them, beside those that
// leave the queue.
func (b *box) first(limit int, leaves func(message) bool) []message {
	var popped []*entry
	var found []message
	for stay := 0; stay < limit && b.ready.Len() > 0; {
		e := heap.Pop(&b.ready).(*entry)
		popped, found = append(popped, e), append(found, e.message)
		if !leaves(e.message) {
			stay++
		}
	}
	// They are there until what happens to them is written.
	for _, e := range popped {
		heap.Push(&b.ready, e)
	}
	return found
}

// expired are the messages that are older than the queue keeps them.
func (b *box) expired(now time.Time, retention time.Duration) []*entry {
	var old []*entry
	for _, e := range b.entries {
		if isOld(e.message, now, retention) {
			old = append(old, e)
		}
	}
	return old
}

func isOld(m message, now time.Time, retention time.Duration) bool {
	return now.Sub(m.Sent) >= retention
}

// next is how long nothing more appears by itself; ok is false where nothing
// will.
func (b *box) next(now time.Time) (wait time.Duration, ok bool) {
	if b.hidden.Len() == 0 {
		return 0, false
	}
	return b.hidden.entries[0].Visible.Sub(now), true
}

// wake lets those who wait look again.
func (b *box) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// counts are how many messages may be received, are with a receiver, and are
// delayed.
func (b *box) counts() (ready, inFlight, delayed int) {
	for _, e := range b.hidden.entries {
		if e.Receipt == "" {
			delayed++
		}
	}
	return b.ready.Len(), b.hidden.Len() - delayed, delayed
}

// pile is a heap of entries that know their place.
type pile struct {
	entries []*entry
	before  func(a, b *entry) bool
}

func (p *pile) Len() int           { return len(p.entries) }
func (p *pile) Less(i, j int) bool { return p.before(p.entries[i], p.entries[j]) }

func (p *pile) Swap(i, j int) {
	p.entries[i], p.entries[j] = p.entries[j], p.entries[i]
	p.entries[i].index, p.entries[j].index = i, j
}

// Push is for package heap.
func (p *pile) Push(x any) {
	e := x.(*entry)
	e.index = len(p.entries)
	p.entries = append(p.entries, e)
}

// Pop is for package heap.
func (p *pile) Pop() any {
	last := len(p.entries) - 1
	e := p.entries[last]
	p.entries[last] = nil
	p.entries = p.entries[:last]
	return e
}
