package sqs

import (
	"container/heap"
	"time"
)

// box holds the messages of one queue in two heaps. ready orders the receivable
// messages by arrival. hidden orders the others by the time at which they
// become visible. Queues.mu guards a box.
type box struct {
	entries map[uint64]*entry
	ready   pile
	hidden  pile

	changed chan struct{} // closed when more messages may be receivable
	purged  time.Time
}

type entry struct {
	message
	pile  *pile
	index int // position in pile
}

func newBox() *box {
	b := &box{entries: map[uint64]*entry{}, changed: make(chan struct{})}
	b.ready.before = func(a, b *entry) bool { return a.Number < b.Number }
	b.hidden.before = func(a, b *entry) bool { return a.Visible.Before(b.Visible) }
	return b
}

// put adds a message or replaces the one with the same number.
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

// appear moves the messages that have become visible from hidden to ready.
func (b *box) appear(now time.Time) {
	for b.hidden.Len() > 0 && !b.hidden.entries[0].Visible.After(now) {
		e := heap.Pop(&b.hidden).(*entry)
		e.pile = &b.ready
		heap.Push(e.pile, e)
	}
}

// first returns the first ready messages: limit of them, plus the messages
// among them for which leaves reports true.
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
	// The messages stay in the heap until the journal has their changes.
	for _, e := range popped {
		heap.Push(&b.ready, e)
	}
	return found
}

// expired returns the messages that are older than the queue's retention
// period.
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

// next returns the time until the next hidden message becomes visible. ok is
// false if no message is hidden.
func (b *box) next(now time.Time) (wait time.Duration, ok bool) {
	if b.hidden.Len() == 0 {
		return 0, false
	}
	return b.hidden.entries[0].Visible.Sub(now), true
}

// wake makes every waiting receive check the queue again.
func (b *box) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// counts returns the numbers of receivable, in-flight and delayed messages.
func (b *box) counts() (ready, inFlight, delayed int) {
	for _, e := range b.hidden.entries {
		if e.Receipt == "" {
			delayed++
		}
	}
	return b.ready.Len(), b.hidden.Len() - delayed, delayed
}

// pile is a heap whose entries know their index.
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

// Push implements heap.Interface.
func (p *pile) Push(x any) {
	e := x.(*entry)
	e.index = len(p.entries)
	p.entries = append(p.entries, e)
}

// Pop implements heap.Interface.
func (p *pile) Pop() any {
	last := len(p.entries) - 1
	e := p.entries[last]
	p.entries[last] = nil
	p.entries = p.entries[:last]
	return e
}
