package items

import (
	"context"
	"errors"
	"time"

	"skiff/lambdas/table"
)

// ErrVersion means that an item's version is not one that the client has seen.
var ErrVersion = errors.New("another version")

// Store keeps items in one table. The table also holds idempotency keys, whose
// ids (idem#KEY#CALLER) no item can have. They have no status, so they are not
// in the index.
type Store struct{ *table.Table }

// Item reads an item with a consistent read. It fails with table.ErrNotFound
// when there is no item or it has expired.
func (s *Store) Item(ctx context.Context, id string, now time.Time) (*Item, error) {
	row, err := s.Row(ctx, table.Key(id), now)
	if err != nil {
		return nil, err
	}
	return ItemOf(row)
}
