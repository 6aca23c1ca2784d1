package eventbridge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/store"
)

// Transformer builds a target's input from an event: a template in which <NAME>
// is replaced by the value at a path
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
type Transformer struct {
	InputPaths    map[string]string `json:"inputPaths,omitempty"`
	InputTemplate string            `json:"inputTemplate" aws:"required"`
}

var (
	pathForm     = regexp.MustCompile(`^\$(\.[A-Za-z0-9_-]+(\[\d+\])?)*$`)
	variableForm = regexp.MustCompile(`<([A-Za-z0-9_.-]+)>`)
)

// reserved returns the variables that every template has.
func reserved() []string {
	return []string{"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json"}
}

// problems returns what is wrong with a transformer, by property.
func (t *Transformer) problems() map[string]error {
	all := map[string]error{}
	if len(t.InputPaths) > 100 {
		all["inputPaths"] = fmt.Errorf("has %d paths; at most 100", len(t.InputPaths))
	}
	for name, path := range t.InputPaths {
		if !pathForm.MatchString(path) {
			all["inputPaths."+name] = fmt.Errorf("%q is not a path such as $.detail.id", path)
		}
		if strings.HasPrefix(strings.ToUpper(name), "AWS") {
			all["inputPaths."+name] = errors.New("a name must not begin with AWS")
		}
	}
	if len(t.InputTemplate) > 8192 {
		all["inputTemplate"] = fmt.Errorf("has %d characters; at most 8192", len(t.InputTemplate))
	}
	known := map[string]any{}
	for name := range t.InputPaths {
		known[name] = nil
	}
	for _, name := range reserved() {
		known[name] = nil
	}
	for _, m := range variableForm.FindAllStringSubmatch(t.InputTemplate, -1) {
		if _, ok := known[m[1]]; !ok {
			all["inputTemplate"] = fmt.Errorf("Invalid InputTemplate: the variable <%s> is not among inputPaths", m[1])
		}
	}
	return all
}

// errNotJSON means that a function's input is not JSON.
var errNotJSON = errors.New("the input of the target is not valid JSON")

// payload returns a target's input: the event, or what the target makes of it.
// A path without a value gives null, which AWS does not document.
func (t Target) payload(rule store.Record[Rule], event []byte, now time.Time) ([]byte, error) {
	switch {
	case t.Input != "":
		return []byte(t.Input), nil
	case t.InputPath == "" && t.InputTransformer == nil:
		return event, nil
	}
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	if t.InputPath != "" {
		return encode(lookUp(tree, t.InputPath))
	}
	values := map[string]any{
		"aws.events.rule-arn": ruleARN(rule), "aws.events.rule-name": rule.Inputs.Name,
		"aws.events.event.ingestion-time": now.UTC().Format(time.RFC3339), "aws.events.event": tree, "aws.events.event.json": tree,
	}
	for name, path := range t.InputTransformer.InputPaths {
		values[name] = lookUp(tree, path)
	}
	out, err := fill(t.InputTransformer.InputTemplate, values)
	if err == nil && arn.IsFunction(t.ARN) && !json.Valid(out) {
		err = errNotJSON
	}
	return out, err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// lookUp returns the value at a valid path, or nil if there is none.
func lookUp(tree any, path string) any {
	for _, step := range strings.Split(path, ".")[1:] {
		name, index, indexed := strings.Cut(step, "[")
		members, _ := tree.(map[string]any)
		tree = members[name]
		if indexed {
			n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
			list, _ := tree.([]any)
			tree = nil
			if err == nil && n < len(list) {
				tree = list[n]
			}
		}
	}
	return tree
}

// fill replaces the variables of a template. Inside a JSON string a value has
// no quotes, and a missing value is empty; elsewhere a value is JSON.
func fill(template string, values map[string]any) ([]byte, error) {
	var out bytes.Buffer
	quoted := false
	for i := 0; i < len(template); {
		at := variableForm.FindStringSubmatchIndex(template[i:])
		if at != nil && at[0] == 0 {
			if v, ok := values[template[i+at[2]:i+at[3]]]; ok {
				if err := writeValue(&out, v, quoted); err != nil {
					return nil, err
				}
				i += at[1]
				continue
			}
		}
		if template[i] == '\\' && quoted && i+1 < len(template) {
			out.WriteString(template[i : i+2])
			i += 2
			continue
		}
		if template[i] == '"' {
			quoted = !quoted
		}
		out.WriteByte(template[i])
		i++
	}
	return out.Bytes(), nil
}

func writeValue(out *bytes.Buffer, v any, quoted bool) error {
	data, err := encode(v)
	if err != nil {
		return err
	}
	if !quoted {
		out.Write(data)
		return nil
	}
	if v == nil {
		return nil
	}
	if _, text := v.(string); !text {
		if data, err = encode(string(data)); err != nil {
			return err
		}
	}
	out.Write(data[1 : len(data)-1])
	return nil
}
