package console

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// masked replaces credentials on a page.
const masked = "••••••••"

// secretName matches headers and JSON members whose values are hidden;
// secretParameter matches query parameters.
var (
	secretName      = regexp.MustCompile(`(?i)^(proxy-)?authorization$|^(set-)?cookies?$|^identitysource$|token$|secret|passw|api-?key|^x-amz-(signature|credential)$`)
	secretParameter = regexp.MustCompile(secretName.String() + `|^(signature|sig|code|key|jwt|credential|session|sessionid)$`)
)

// secretText matches credentials anywhere in a text: bearer tokens, basic
// credentials and JWTs.
var secretText = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}|\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*`)

// secretMember matches a secret member in JSON that is cut off.
var secretMember = regexp.MustCompile(`(?i)("(?:proxy-)?(?:authorization|cookie|set-cookie|x-api-key|[a-z-]*token|[a-z-]*password|[a-z-]*secret)"\s*:\s*)"(?:[^"\\]|\\.)*"?`)

// A mask hides credentials.
type mask struct{ values []string }

// newMask returns a mask that also hides the given values, wherever they are.
func newMask(values ...string) mask {
	var m mask
	for _, v := range values {
		if len(v) >= 6 { // shorter values would hide ordinary text
			m.values = append(m.values, v, url.QueryEscape(v))
		}
	}
	return m
}

// text hides credentials, found by their form or their value.
func (m mask) text(s string) string {
	for _, v := range m.values {
		s = strings.ReplaceAll(s, v, masked)
	}
	return secretText.ReplaceAllStringFunc(s, func(found string) string {
		if scheme, _, ok := strings.Cut(found, " "); ok {
			return scheme + " " + masked
		}
		return masked
	})
}

// header returns the value of a header as a page shows it.
func (m mask) header(name, value string) string {
	if !secretName.MatchString(name) {
		return m.text(value)
	}
	if scheme, _, ok := strings.Cut(value, " "); ok && strings.EqualFold(name, "Authorization") && len(scheme) < 12 {
		return scheme + " " + masked
	}
	return masked
}

// uri returns a path with its query as a page shows it.
func (m mask) uri(uri string) string {
	path, query, ok := strings.Cut(uri, "?")
	if !ok {
		return m.text(uri)
	}
	return m.text(path) + "?" + m.query(query)
}

func (m mask) query(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			plain = name
		}
		if ok && value != "" && secretParameter.MatchString(plain) {
			pairs[i] = name + "=" + masked
		}
	}
	return m.text(strings.Join(pairs, "&"))
}

// json returns an indented document as a page shows it, or text that is not
// JSON.
func (m mask) json(data []byte) string {
	var v any
	if json.Unmarshal(data, &v, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return m.text(secretMember.ReplaceAllString(string(bytes.ToValidUTF8(data, []byte("\uFFFD"))), `$1"`+masked+`"`))
	}
	value := jsontext.Value(bytes.Clone(data))
	if hidden, err := m.members(data); err == nil {
		value = hidden
	}
	if value.Indent(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.WithIndent("  ")) != nil {
		return m.text(string(data))
	}
	return m.text(string(value))
}

// members hides the values of secret members. It keeps numbers and the order of
// members.
func (m mask) members(data []byte) (jsontext.Value, error) {
	lenient := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	in := jsontext.NewDecoder(bytes.NewReader(data), lenient...)
	var out bytes.Buffer
	to := jsontext.NewEncoder(&out, lenient...)
	for {
		at := in.StackDepth()
		kind, length := in.StackIndex(at)
		isName := kind == '{' && length%2 == 0
		token, err := in.ReadToken()
		if err != nil {
			if out.Len() > 0 && in.StackDepth() == 0 {
				return out.Bytes(), nil
			}
			return nil, err
		}
		name := ""
		if isName && token.Kind() == '"' {
			name = token.String()
		}
		if err := to.WriteToken(token); err != nil {
			return nil, err
		}
		if name == "" {
			continue
		}
		if err := m.member(in, to, name); err != nil {
			return nil, err
		}
	}
}

// member writes the value of a secret member, masked. It leaves other members
// to the caller.
func (m mask) member(in *jsontext.Decoder, to *jsontext.Encoder, name string) error {
	if name != "rawQueryString" && !secretName.MatchString(name) || in.PeekKind() == '{' || in.PeekKind() == 'n' {
		return nil
	}
	value, err := in.ReadValue()
	if err != nil {
		return err
	}
	shown := masked
	var text string
	if json.Unmarshal(value, &text) == nil {
		shown = m.header(name, text)
		if name == "rawQueryString" {
			shown = m.query(text)
		}
		if text == "" {
			shown = ""
		}
	}
	return to.WriteToken(jsontext.String(shown))
}
