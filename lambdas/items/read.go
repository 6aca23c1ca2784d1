package items

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const (
	defaultLimit = 20
	maxLimit     = 100

	// pageBytes ends a page early. A page of the largest items would be far
	// above the 6 MB that Lambda answers with at most.
	pageBytes = 1 << 20
)

// Get answers GET /items/{id}.
func Get(ctx context.Context, a *API, r Request) (Response, error) {
	id, err := idOf(r)
	if err != nil {
		return Response{}, err
	}
	item, err := a.Store.Item(ctx, id, a.Now())
	if err != nil {
		return Response{}, err
	}
	return respondItem(http.StatusOK, item)
}

// List answers GET /items: a page of one status, newest first. The index
// follows the table with a delay, so an item may come a moment after its
// creation. Parameters of other names are not looked at.
func List(ctx context.Context, a *API, r Request) (Response, error) {
	// The gateway joins repeated parameters with a comma, which no valid value
	// of the three has: a repeated one is refused with the rest.
	status, limit, err := listOf(r)
	if err != nil {
		return Response{}, err
	}
	var after *position
	if cursor, found := r.QueryStringParameters["cursor"]; found {
		if after, err = a.Store.position(ctx, a.Random, cursor, status); err != nil {
			return Response{}, err
		}
	}
	p := page{limit: limit, body: []byte(`{"items":[`)}
	if err := a.fill(ctx, &p, status, after, a.Now()); err != nil {
		return Response{}, err
	}
	p.body = append(p.body, ']')
	if p.next != nil {
		cursor, err := a.Store.cursor(ctx, a.Random, *p.next)
		if err != nil {
			return Response{}, err
		}
		p.body = append(append(p.body, `,"nextCursor":`...), quote(cursor)...)
	}
	return respond(http.StatusOK, append(p.body, '}')), nil
}

func listOf(r Request) (status string, limit int, err error) {
	status = r.QueryStringParameters["status"]
	if !validStatus(status) {
		return "", 0, refuse(Validation, "status must be given once, as active, done or archived")
	}
	digits, found := r.QueryStringParameters["limit"]
	if !found {
		return status, defaultLimit, nil
	}
	n, err := strconv.ParseUint(digits, 10, 8)
	if err != nil || n < 1 || n > maxLimit {
		return "", 0, refuse(Validation, "limit must be given once, as a whole number from 1 to %d", maxLimit)
	}
	return status, int(n), nil
}

// page is a page under construction.
type page struct {
	limit int
	body  []byte
	count int
	last  position
	next  *position // the last item of a page that another follows
}

// fill reads until the page is full, or the items end. One item more than the
// page holds is read, so that the last page is known to be the last.
func (a *API) fill(ctx context.Context, p *page, status string, after *position, now time.Time) error {
	want := p.limit + 1
	for {
		items, resume, err := a.Store.newest(ctx, status, after, want, now)
		if err != nil {
			return err
		}
		for i := range items {
			full, err := p.add(&items[i])
			if full || err != nil {
				return err
			}
		}
		if resume == nil {
			return nil
		}
		// Expired items took up the first read: the next is as large as can be.
		after, want = resume, maxLimit+1
	}
}

// add puts an item on the page and reports whether the page is full.
func (p *page) add(item *Item) (full bool, err error) {
	if p.count == p.limit {
		p.next = &p.last
		return true, nil
	}
	before := len(p.body)
	if p.count > 0 {
		p.body = append(p.body, ',')
	}
	body, err := item.appendJSON(p.body)
	if err != nil {
		return false, err
	}
	if p.count > 0 && len(body) > pageBytes {
		p.body, p.next = body[:before], &p.last
		return true, nil
	}
	p.body = body
	p.count++
	p.last = position{status: item.Status, createdAt: item.CreatedAt, id: item.ID}
	return false, nil
}
