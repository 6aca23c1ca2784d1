package contract

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// contractCase is one case of testdata/bad-inputs.json.
type contractCase struct {
	ID      string
	Request struct {
		Method  string
		Path    json.RawMessage
		Headers map[string]json.RawMessage
		Body    json.RawMessage
	}
	Setup  string
	Expect struct {
		Status int
		Error  string
		And    string
	}
}

// generated returns a value that the case gives as text or by $gen.
func generated(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	if len(raw) == 0 {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var value struct {
		Gen struct {
			Pre, Repeat, Post, Hex               string
			N, Nest, Keys, Item, Bytes, MaxBytes int
		} `json:"$gen"`
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	gen := value.Gen
	const start = `{"name":"a","status":"active","attributes":{`
	switch {
	case gen.Nest > 0: // attributes is the first level
		return start + strings.Repeat(`"d":{`, gen.Nest-1) + strings.Repeat("}", gen.Nest-1) + "}}"
	case gen.Keys > 0:
		body := []byte(start + `"k":0`)
		for n := 0; n < gen.Keys && len(body) < gen.MaxBytes-20; n++ {
			body = fmt.Appendf(body, `,"%d":0`, n)
		}
		return string(body) + "}}"
	case gen.Item > 0:
		padding := gen.Item - len(start+`"pad":""}}`)
		return start + `"pad":"` + strings.Repeat("x", padding) + `"}}`
	}
	bytes, err := hex.DecodeString(gen.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return gen.Pre + strings.Repeat(gen.Repeat, gen.N) + string(bytes) + gen.Post
}

func (c contractCase) headers(t *testing.T) headers {
	h := headers{}
	for name, value := range c.Request.Headers {
		if name != "$none" {
			h[name] = generated(t, value)
		}
	}
	return h
}

// send fills in the placeholders and sends the case's request.
func (c contractCase) send(w *world, placeholders ...string) answer {
	w.t.Helper()
	path := strings.NewReplacer(placeholders...).Replace(generated(w.t, c.Request.Path))
	return w.send(c.Request.Method, path, c.headers(w.t), generated(w.t, c.Request.Body))
}

func (c contractCase) expect(w *world, got answer) {
	w.t.Helper()
	if got.StatusCode != c.Expect.Status || (c.Expect.Error != "" && got.text("code") != c.Expect.Error) {
		w.t.Errorf("status %d, code %q; want %d, %q: %.300s", got.StatusCode, got.text("code"), c.Expect.Status, c.Expect.Error, got.Body)
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/bad-inputs.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []contractCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("bad-inputs.json has no cases")
	}
	conversations := listConversations()
	maps.Copy(conversations, writeConversations())
	maps.Copy(conversations, faultConversations())
	for id := range conversations {
		if !slices.ContainsFunc(file.Cases, func(c contractCase) bool { return c.ID == id }) {
			t.Errorf("bad-inputs.json has no case %s", id)
		}
	}
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if run := conversations[c.ID]; run != nil {
				run(w, c)
				return
			}
			if c.Setup != "" || c.Expect.And != "" {
				t.Fatalf("the case needs a conversation that sets up %q and checks %q", c.Setup, c.Expect.And)
			}
			before := w.ids()
			got := c.send(w)
			c.expect(w, got)
			if after := w.ids(); got.StatusCode != 201 && !slices.Equal(before, after) {
				t.Errorf("the case changed what is stored: %v, %v", before, after)
			}
		})
	}
}

const widget = `{"name":"widget","status":"active"}`
