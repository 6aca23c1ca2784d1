package inspect

import (
	"slices"
	"strings"
)

// Picture is the stack as a graph: what functions are called by, the functions,
// and what these work with.
type Picture struct {
	Nodes []Node
	Edges []Edge
}

// Node is a part of the stack.
type Node struct {
	ID   string // an ARN, or "route " and the key of a route
	Kind string // route, socket, schedule, rule, function, table, queue, bucket, secret, parameter or topic
	Name string // for people
}

// Edge leads from one node to another. Its kind is calls, where an event goes that
// way; asks, of an authorizer; may, of a right; dead, of dead letters.
type Edge struct {
	From, To string // ids
	Kind     string
	Actions  []string // of a right
}

// Caller reports whether the node is what functions are called by alone.
func (n Node) Caller() bool {
	return n.Kind == "route" || n.Kind == "socket" || n.Kind == "schedule" || n.Kind == "rule"
}

// add adds a node once.
func (p *Picture) add(n Node) {
	if !p.has(n.ID) {
		p.Nodes = append(p.Nodes, n)
	}
}

func (p *Picture) has(id string) bool {
	return slices.ContainsFunc(p.Nodes, func(n Node) bool { return n.ID == id })
}

// link adds an edge, or the actions to one.
func (p *Picture) link(from, to, kind string, actions ...string) {
	if !p.has(from) || !p.has(to) {
		return
	}
	for i, e := range p.Edges {
		if e.From == from && e.To == to && e.Kind == kind {
			p.Edges[i].Actions = append(e.Actions, actions...)
			return
		}
	}
	p.Edges = append(p.Edges, Edge{from, to, kind, actions})
}

// owner is the node that an ARN is of, or of a part of: an index of a table, an
// object of a bucket.
func (p *Picture) owner(arn string) (id string, ok bool) {
	for _, n := range p.Nodes {
		rest, found := strings.CutPrefix(arn, n.ID)
		if found && (rest == "" || rest[0] == '/' || rest[0] == ':') {
			return n.ID, true
		}
	}
	return "", false
}

// covered are the nodes that the resource of a right stands for. One that stands
// for all is left out: it says nothing of the stack.
func (p *Picture) covered(resource string) []string {
	before, _, isPattern := strings.Cut(resource, "*")
	if id, ok := p.owner(strings.TrimRight(before, "/:")); ok {
		return []string{id}
	}
	if !isPattern || strings.Count(before, ":") < 5 {
		return nil
	}
	var ids []string
	for _, n := range p.Nodes {
		if strings.HasPrefix(n.ID, before) {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// Path is what an entry went through: the ids of its nodes, each with itself, and
// of an edge "FROM > TO".
func (p Picture) Path(e *Entry) map[string]bool {
	path := map[string]bool{}
	from := ""
	switch {
	case e.Request != nil && p.has("route "+e.Source):
		from = "route " + e.Source
	case e.Request == nil:
		from = p.source(e)
	}
	if from != "" {
		path[from] = true
	}
	for _, i := range e.Invocations {
		if !p.has(i.ARN) {
			continue
		}
		path[i.ARN] = true
		path[from+" > "+i.ARN] = true
		for _, c := range i.Calls {
			if id, ok := p.owner(c.Resource); ok {
				path[id], path[i.ARN+" > "+id] = true, true
			}
		}
	}
	return path
}

// source is the node that an invocation came from, "" for none.
func (p Picture) source(e *Entry) string {
	if id, ok := p.owner(e.Source); ok {
		return id
	}
	// The ARN of a route ends with its key.
	id := e.Kind + " " + e.Source[strings.LastIndexByte(e.Source, '/')+1:]
	if p.has(id) {
		return id
	}
	return ""
}
