package list

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/api"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

// A cursor is an HMAC-SHA256 and the position in the index that it signs, in
// base64url.
const maxCursorChars = 512

// position is an item's place in the index.
type position struct{ status, createdAt, id string }

// row returns the position as the start key of a query.
func (p *position) row() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		names.StatusKey: table.Text(p.status), names.CreatedKey: table.Text(p.createdAt), names.KeyAttribute: table.Text(p.id),
	}
}

// positionOf returns the position of a row of the index.
func positionOf(row map[string]types.AttributeValue) (*position, error) {
	r := table.Reader{Row: row}
	p := &position{status: r.Text(names.StatusKey), createdAt: r.Text(names.CreatedKey), id: r.Text(names.KeyAttribute)}
	return p, r.Err
}

// cursor returns the position as a signed cursor.
func (k keyring) cursor(ctx context.Context, p position) (string, error) {
	key, err := k.key(ctx)
	if err != nil {
		return "", err
	}
	// A line end cannot occur in any of the three.
	return seal(key, strings.Join([]string{p.status, p.createdAt, p.id}, "\n")), nil
}

// position reads a cursor of a list with that status. It refuses a text that
// cannot be a cursor before it reads the secret.
func (k keyring) position(ctx context.Context, cursor, status string) (*position, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(sealed) <= sha256.Size || len(cursor) > maxCursorChars {
		return nil, badCursor()
	}
	key, err := k.key(ctx)
	if err != nil {
		return nil, err
	}
	return open(key, sealed, status)
}

func seal(key []byte, text string) string {
	return base64.RawURLEncoding.EncodeToString(append(sign(key, text), text...))
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func open(key, sealed []byte, status string) (*position, error) {
	mac, text := sealed[:sha256.Size], string(sealed[sha256.Size:])
	// Equal takes the same time for every signature, so a client cannot guess
	// the right one from the time of a refusal.
	if !hmac.Equal(mac, sign(key, text)) {
		return nil, badCursor()
	}
	parts := strings.Split(text, "\n")
	if len(parts) != 3 || parts[0] != status {
		return nil, badCursor()
	}
	return &position{status: parts[0], createdAt: parts[1], id: parts[2]}, nil
}

func badCursor() *api.Problem {
	return api.Refuse(api.InvalidCursor, "the cursor does not belong to this query; start again without one")
}
