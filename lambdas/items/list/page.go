package list

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/items"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

// pageBytes limits the size of a page. A response of Lambda has at most 6 MB,
// and 100 items of the largest size would have more.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const pageBytes = 1 << 20

// page is a page that is being filled.
type page struct {
	limit int
	items []json.RawMessage
	size  int // of the response body so far, in bytes
	last  position
	next  *position // the page's last item, if another page follows
}

// fill reads items until the page is full or there are no more. It reads one
// item more than the page holds, to know whether another page follows.
func (p *page) fill(ctx context.Context, s *items.Store, status string, after *position, now time.Time) error {
	want := p.limit + 1
	for {
		found, resume, err := newest(ctx, s, status, after, want, now)
		if err != nil {
			return err
		}
		for i := range found {
			full, err := p.add(&found[i])
			if full || err != nil {
				return err
			}
		}
		if resume == nil {
			return nil
		}
		// The first read also returned expired items, so read as much as
		// possible.
		after, want = resume, maxLimit+1
	}
}

// add adds an item to the page. If the page is full, add reports that instead.
func (p *page) add(item *items.Item) (full bool, err error) {
	if len(p.items) == p.limit {
		p.next = &p.last
		return true, nil
	}
	shown, err := item.MarshalJSON()
	if err != nil {
		return false, err
	}
	// The first item is added whatever its size: without it the next page would
	// have no position to start from.
	if len(p.items) > 0 && p.size+len(shown) > pageBytes {
		p.next = &p.last
		return true, nil
	}
	p.items, p.size = append(p.items, shown), p.size+len(shown)+len(",")
	p.last = position{status: item.Status, createdAt: item.CreatedAt, id: item.ID}
	return false, nil
}

// newest reads up to limit rows of the index, newest first. It returns those
// that have not expired, and the position to continue from, or nil if there are
// no more rows.
func newest(ctx context.Context, s *items.Store, status string, after *position, limit int, now time.Time) ([]items.Item, *position, error) {
	in := &dynamodb.QueryInput{
		IndexName: aws.String(names.StatusIndex), Limit: aws.Int32(int32(limit)), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:   aws.String("#status = :status"),
		FilterExpression:         aws.String("attribute_not_exists(#ttl) OR #ttl > :now"),
		ExpressionAttributeNames: map[string]string{"#status": names.StatusKey, "#ttl": names.TTLAttribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":status": table.Text(status), ":now": table.Integer(now.Unix()),
		},
	}
	if after != nil {
		in.ExclusiveStartKey = after.row()
	}
	out, err := s.Query(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	found := make([]items.Item, 0, len(out.Items))
	for _, row := range out.Items {
		item, err := items.ItemOf(row)
		if err != nil {
			return nil, nil, err
		}
		found = append(found, *item)
	}
	if out.LastEvaluatedKey == nil {
		return found, nil, nil
	}
	resume, err := positionOf(out.LastEvaluatedKey)
	return found, resume, err
}
