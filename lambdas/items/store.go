package items

import (
	"context"
	"errors"
	"time"

	"skiff/lambdas/table"
)

// ErrVersion says that an item is not at the version a client has seen.
var ErrVersion = errors.New("another version")

// Store keeps items in one table. The table also holds idempotency
// keys, under ids that no item has (idem#KEY#CALLER). They have no status, so
// the index leaves them out.
type Store struct{ *table.Table }

// Item reads an item, consistently. It fails with table.ErrNotFound when there
// is none, or one whose ttl has passed.
func (s *Store) Item(ctx context.Context, id string, now time.Time) (*Item, error) {
	row, err := s.Row(ctx, table.Key(id), now)
	if err != nil {
		return nil, err
	}
	return ItemOf(row)
}
