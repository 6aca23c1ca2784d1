package items

import (
	"strconv"
	"strings"

	"skiff/lambdas/api"
)

// The limits of DynamoDB's numbers.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
)

// decimal is an exact number: d.ddd × 10^exponent. A float64 holds 15 digits
// and DynamoDB 38, so numbers are never converted to float64.
type decimal struct {
	negative bool
	digits   string // without leading and trailing zeros; empty for zero
	exponent int    // of the first digit
}

// parseDecimal parses a number in JSON's grammar, which DynamoDB also uses. It
// reports whether DynamoDB can hold the number exactly.
func parseDecimal(number string) (decimal, bool) {
	unsigned, negative := strings.CutPrefix(number, "-")
	mantissa, exponent := unsigned, 0
	if i := strings.IndexAny(unsigned, "eE"); i >= 0 {
		mantissa, exponent = unsigned[:i], clampedInt(unsigned[i+1:])
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	digits := strings.TrimLeft(all, "0")
	exponent += len(whole) - 1 - (len(all) - len(digits))
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return decimal{}, true
	}
	fits := len(digits) <= maxDigits && minExponent <= exponent && exponent <= maxExponent
	return decimal{negative: negative, digits: digits, exponent: exponent}, fits
}

// clampedInt parses an exponent of any length and clamps it. A clamped exponent
// is out of range: even the digits of the longest body cannot bring the number
// back into range.
func clampedInt(s string) int {
	const limit = 10 * api.MaxBodyBytes
	n, err := strconv.Atoi(s)
	switch {
	case err != nil && strings.HasPrefix(s, "-"), n < -limit:
		return -limit
	case err != nil, n > limit:
		return limit
	}
	return n
}

// String returns the shortest spelling, as ECMAScript does: plain from 1e-6 to
// below 1e21, with an exponent otherwise. So a response is never much longer
// than the request. DynamoDB's own spelling is plain, such as 1000…0.
func (d decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	sign := ""
	if d.negative {
		sign = "-"
	}
	n, e := len(d.digits), d.exponent
	switch {
	case 0 <= e && e < 21 && n <= e+1:
		return sign + d.digits + strings.Repeat("0", e+1-n)
	case 0 <= e && e < 21:
		return sign + d.digits[:e+1] + "." + d.digits[e+1:]
	case -7 < e && e < 0:
		return sign + "0." + strings.Repeat("0", -e-1) + d.digits
	case n == 1:
		return sign + d.digits + "e" + strconv.Itoa(e)
	}
	return sign + d.digits[:1] + "." + d.digits[1:] + "e" + strconv.Itoa(e)
}
