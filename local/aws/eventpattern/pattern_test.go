package eventpattern

import (
	"strings"
	"testing"
)

// TestMatch uses the examples of
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
// and
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html.
func TestMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ pattern, yes, no string }{
		{`{"a":["x"]}`, `{"a":"x","b":1}`, `{"a":"X"}`},
		{`{"a":["x","y"]}`, `{"a":"y"}`, `{"b":"y"}`},
		{`{"a":["x"],"b":[1]}`, `{"a":"x","b":1}`, `{"a":"x","b":2}`},
		{`{"a":[300]}`, `{"a":300}`, `{"a":300.0}`},
		{`{"a":[true]}`, `{"a":true}`, `{"a":"true"}`},
		{`{"a":[null]}`, `{"a":null}`, `{}`},
		{`{"a":[""]}`, `{"a":""}`, `{"a":null}`},
		{`{"a":{"b":["x"]}}`, `{"a":{"b":"x"}}`, `{"a":"x"}`},
		{`{"a":["x"]}`, `{"a":["y","x"]}`, `{"a":["y"]}`},
		{`{"a":{"b":[1],"c":[2]}}`, `{"a":[{"b":1,"c":2}]}`, `{"a":[{"b":1,"c":1},{"b":2,"c":2}]}`},
		{`{"a":{"b":[1]}}`, `{"a":[{"b":2},{"b":1}]}`, `{"a":[{"b":2},{"b":3}]}`},
		{`{"a":[{"prefix":"ab"}]}`, `{"a":"abc"}`, `{"a":"xab"}`},
		{`{"a":[{"prefix":{"equals-ignore-case":"AB"}}]}`, `{"a":"abc"}`, `{"a":"bab"}`},
		{`{"a":[{"suffix":".png"}]}`, `{"a":"x.png"}`, `{"a":"x.png2"}`},
		{`{"a":[{"suffix":{"equals-ignore-case":".PNG"}}]}`, `{"a":"x.png"}`, `{"a":"p"}`},
		{`{"a":[{"equals-ignore-case":"X"}]}`, `{"a":"x"}`, `{"a":"xx"}`},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":"y"}`, `{"a":"x"}`},
		{`{"a":[{"anything-but":["x","y"]}]}`, `{"a":"z"}`, `{"a":"y"}`},
		{`{"a":[{"anything-but":[1,2]}]}`, `{"a":3}`, `{"a":2}`},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":1}`, `{}`},
		{`{"a":[{"anything-but":{"prefix":"ab"}}]}`, `{"a":"xab"}`, `{"a":"abx"}`},
		{`{"a":[{"anything-but":{"suffix":[".a",".b"]}}]}`, `{"a":"x.c"}`, `{"a":"x.b"}`},
		{`{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, `{"a":"x"}`, `{"a":"x/lib/y"}`},
		{`{"a":[{"numeric":["=",100]}]}`, `{"a":1e2}`, `{"a":"100"}`},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":5}`, `{"a":0}`},
		{`{"a":[{"numeric":["<",-1.5]}]}`, `{"a":-2}`, `{"a":-1.5}`},
		{`{"a":[{"numeric":[">=",3]}]}`, `{"a":3}`, `{"a":2.9}`},
		{`{"a":[{"exists":true}]}`, `{"a":null}`, `{}`},
		{`{"a":[{"exists":true}]}`, `{"a":[1]}`, `{"a":{"b":1}}`},
		{`{"a":[{"exists":false}]}`, `{"b":1}`, `{"a":1}`},
		{`{"a":{"b":[{"exists":false}]}}`, `{}`, `{"a":{"b":1}}`},
		{`{"a":[{"exists":false},"x"]}`, `{"a":"x"}`, `{"a":"y"}`},
		{`{"a":[{"wildcard":"a*c*e"}]}`, `{"a":"abcde"}`, `{"a":"abce2"}`},
		{`{"a":[{"wildcard":"a\\*"}]}`, `{"a":"a*"}`, `{"a":"ab"}`},
		{`{"a":[{"wildcard":"ab*b"}]}`, `{"a":"abb"}`, `{"a":"ab"}`},
		{`{"a":[{"cidr":"10.0.0.0/24"}]}`, `{"a":"10.0.0.255"}`, `{"a":"10.0.1.0"}`},
		{`{"$or":[{"a":["x"]},{"b":[{"numeric":[">",1]}]}]}`, `{"b":2}`, `{"a":"y","b":1}`},
		{`{"c":[1],"$or":[{"a":["x"]},{"b":["y"]}]}`, `{"b":"y","c":1}`, `{"a":"x","c":2}`},
		{`{"d":{"$or":[{"a":["x"]},{"b":["y"]}]}}`, `{"d":{"a":"x"}}`, `{"a":"x"}`},
		{`{"a":["x"]}`, `{"a":"x"}`, `["x"]`},
	} {
		p, err := Parse(test.pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		if !p.Match([]byte(test.yes)) {
			t.Errorf("%s does not match %s", test.pattern, test.yes)
		}
		if p.Match([]byte(test.no)) {
			t.Errorf("%s matches %s", test.pattern, test.no)
		}
	}
}

func TestParseRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ pattern, want string }{
		{``, "not valid JSON"},
		{`{"a":["x"]} x`, "not valid JSON"},
		{`{"a":["x"],"a":["y"]}`, "not valid JSON"},
		{`["x"]`, "not an object"},
		{`{}`, "the pattern is an empty object"},
		{`{"a":{}}`, "a is an empty object"},
		{`{"a":"x"}`, "a must be an object or a list of values"},
		{`{"a":{"b":[]}}`, "a.b is an empty list"},
		{`{"a":[["x"]]}`, "a: a list cannot contain a list"},
		{`{"a":[{}]}`, "an object with one member, not 0"},
		{`{"a":[{"prefix":"x","suffix":"y"}]}`, "an object with one member, not 2"},
		{`{"a":[{"begins":"x"}]}`, "unknown operator begins"},
		{`{"a":[{"prefix":1}]}`, "prefix needs a string"},
		{`{"a":[{"prefix":{"suffix":"x"}}]}`, "or an object with equals-ignore-case"},
		{`{"a":[{"exists":"true"}]}`, "exists needs true or false"},
		{`{"a":[{"numeric":[">"]}]}`, "a comparison and a number"},
		{`{"a":[{"numeric":["!=",1]}]}`, "one of =, <"},
		{`{"a":[{"numeric":[">","1"]}]}`, "numbers within -5e9 to 5e9"},
		{`{"a":[{"numeric":[">",5000000001]}]}`, "numbers within -5e9 to 5e9"},
		{`{"a":[{"numeric":["<",1,">",0]}]}`, "needs a range as >"},
		{`{"a":[{"numeric":["<",1,"<",2]}]}`, "needs a range as >"},
		{`{"a":[{"anything-but":[]}]}`, "strings or numbers, not both"},
		{`{"a":[{"anything-but":["x",1]}]}`, "strings or numbers, not both"},
		{`{"a":[{"anything-but":[true]}]}`, "anything-but needs strings"},
		{`{"a":[{"anything-but":{"suffix":"x"}}]}`, "anything-but: suffix is not an operator"},
		{`{"a":[{"anything-but":{"numeric":["=",1]}}]}`, "anything-but: unknown operator numeric"},
		{`{"a":[{"wildcard":"a**"}]}`, "a * must not follow another *"},
		{`{"a":[{"wildcard":"a\\b"}]}`, "followed by * or"},
		{`{"a":[{"cidr":"10.0.0.0"}]}`, "cidr needs a network"},
		{`{"$or":[{"a":["x"]}]}`, "$or has one alternative"},
		{`{"a":[{"suffix":"x"}]}`, "suffix is not an operator of these patterns"},
	} {
		if _, err := Parse(test.pattern, "suffix"); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.pattern, err, test.want)
		}
	}
}
