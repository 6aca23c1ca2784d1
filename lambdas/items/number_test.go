package items

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

func TestNumbersKeepTheirValue(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"0": "0", "-0": "0", "0.0e5": "0", "1.0": "1", "100": "100", "1e2": "100", "-1.50E+1": "-15",
		"0.1": "0.1", "1e-7": "1e-7", "0.000001": "0.000001", "1e20": "100000000000000000000", "1e21": "1e21",
		"12345678901234567890123456789012345678":   "1.2345678901234567890123456789012345678e37",
		"0.30000000000000000000000000000000000004": "0.30000000000000000000000000000000000004",
	} {
		d, fits := parseDecimal(number)
		if !fits || d.String() != want {
			t.Errorf("%s is parsed as %s, fits %v; want %s", number, d, fits, want)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0", "-0.00", "1e125", "123.4500e-3", "99999999999999999999999999999999999999", "1E-130", "5e+20"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, number string) {
		if !json.Valid([]byte(number)) || strings.Trim(number, "+-.eE0123456789") != "" {
			return
		}
		d, fits := parseDecimal(number)
		if !fits {
			return
		}
		want, ok := new(big.Rat).SetString(number)
		got, ok2 := new(big.Rat).SetString(d.String())
		if ok && (!ok2 || want.Cmp(got) != 0) {
			t.Errorf("%s became %s", number, d)
		}
		if !json.Valid([]byte(d.String())) || len(d.String()) > len("-0.00000")+maxDigits {
			t.Errorf("%s became %s", number, d)
		}
	})
}
