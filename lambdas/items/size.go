package items

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/table"
)

// maxRowBytes is DynamoDB's limit for an item, less what an update adds to a
// row besides the item.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxRowBytes = 400*1024 - 64

// CheckSize fails with table.ErrTooLarge for an item that DynamoDB would
// refuse. Such an item may come from a body within its limit, because DynamoDB
// may need three bytes for what JSON writes in two.
func (i *Item) CheckSize() error {
	if rowSize(i.Row()) > maxRowBytes {
		return table.ErrTooLarge
	}
	return nil
}

// rowSize returns an upper bound of a row's size in bytes, as DynamoDB counts
// it.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func rowSize(row map[string]types.AttributeValue) int {
	size := 0
	for name, value := range row {
		size += len(name) + valueSize(value)
	}
	return size
}

func valueSize(value types.AttributeValue) int {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return numberSize(v.Value)
	case *types.AttributeValueMemberM:
		size := 3
		for name, element := range v.Value {
			size += 1 + len(name) + valueSize(element)
		}
		return size
	case *types.AttributeValueMemberL:
		size := 3
		for _, element := range v.Value {
			size += 1 + valueSize(element)
		}
		return size
	}
	return 1 // a boolean or null
}

// numberSize returns one byte for two digits, one more, and one for a sign. AWS
// calls this rule approximate, so the result is rounded up.
func numberSize(number string) int {
	d, _ := parseDecimal(number)
	size := (len(d.digits)+1)/2 + 1
	if d.negative {
		size++
	}
	return size
}
