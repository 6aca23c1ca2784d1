package console

import (
	"fmt"
	"net/http"
	"strings"

	"skiff/local/inspect"
)

// function is a function as the overview shows it.
type function struct {
	Logical, Name       string
	CalledBy, WorksWith string
	Memory              int
	Timeout             string
	Sandboxes           int
}

func (c *Console) overview(*http.Request) (view, error) {
	p, err := c.o.Cloud.Picture()
	if err != nil {
		return view{}, err
	}
	all, err := c.o.Cloud.Functions()
	if err != nil {
		return view{}, err
	}
	var functions []function
	for _, f := range all {
		functions = append(functions, function{
			Logical: nameOf("", f.Ref).Logical, Name: f.Name, CalledBy: neighbours(p, f.ARN, true), WorksWith: neighbours(p, f.ARN, false),
			Memory: f.MemoryMB, Timeout: fmt.Sprintf("%d s", f.TimeoutSeconds), Sandboxes: f.Sandboxes,
		})
	}
	list := c.live(fewRows)
	list.Try = c.example(p)
	return view{"Overview", "overview", map[string]any{
		"Stack": c.o.Stack, "URL": c.o.URL, "Picture": draw(p, nil), "Live": list, "Functions": functions,
	}}, nil
}

// neighbours lists, in words, a function's callers or the resources that it
// uses.
func neighbours(p inspect.Picture, id string, callers bool) string {
	names := map[string]string{}
	for _, n := range p.Nodes {
		names[n.ID] = n.Name
		if n.Kind != "route" {
			names[n.ID] = n.Kind + " " + n.Name
		}
	}
	var found []string
	for _, e := range p.Edges {
		switch {
		case callers && e.To == id && e.Kind == "calls":
			found = append(found, names[e.From])
		case callers && e.To == id && e.Kind == "asks" && len(found) == 0:
			found = append(found, "the guarded routes")
		case !callers && e.From == id && e.Kind == "may":
			found = append(found, names[e.To])
		}
	}
	return strings.Join(found, ", ")
}

// example returns a URL that a person can try.
func (c *Console) example(p inspect.Picture) string {
	for _, n := range p.Nodes {
		path, ok := strings.CutPrefix(n.Name, "GET ")
		if n.Kind == "route" && ok && !strings.Contains(path, "{") {
			return c.o.URL + path
		}
	}
	return ""
}
