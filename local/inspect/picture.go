package inspect

import (
	"slices"
	"strings"
)

// Picture is the stack as a graph: callers, functions, and the resources that
// functions use.
type Picture struct {
	Nodes []Node
	Edges []Edge
}

// Node is a part of the stack.
type Node struct {
	ID   string // an ARN, or "route " and the key of a route
	Kind string // route, socket, schedule, rule, function, table, queue, bucket, secret, parameter or topic
	Name string // as people see it
}

// Edge leads from one node to another. Kind is calls for events, asks for an
// authorizer, may for a right, and dead for dead letters.
type Edge struct {
	From, To string // ids
	Kind     string
	Actions  []string // that a right allows
}

// Caller reports whether the node only calls functions, and is not used by
// them.
func (n Node) Caller() bool {
	return n.Kind == "route" || n.Kind == "socket" || n.Kind == "schedule" || n.Kind == "rule"
}

// add adds a node unless it is there.
func (p *Picture) add(n Node) {
	if !p.has(n.ID) {
		p.Nodes = append(p.Nodes, n)
	}
}

func (p *Picture) has(id string) bool {
	return slices.ContainsFunc(p.Nodes, func(n Node) bool { return n.ID == id })
}

// link adds an edge, or adds actions to an existing one.
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

// owner returns the node with an ARN. The ARN may name a part of the node, such
// as an index of a table or an object of a bucket.
func (p *Picture) owner(arn string) (id string, ok bool) {
	for _, n := range p.Nodes {
		rest, found := strings.CutPrefix(arn, n.ID)
		if found && (rest == "" || rest[0] == '/' || rest[0] == ':') {
			return n.ID, true
		}
	}
	return "", false
}

// covered returns the nodes that match the resource of a right. A pattern for
// everything matches none, because it says nothing about the stack.
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

// Path returns the nodes and edges that an entry passed: node ids, and "FROM >
// TO" for edges.
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

// source returns the node that caused an invocation, or "".
func (p Picture) source(e *Entry) string {
	if id, ok := p.owner(e.Source); ok {
		return id
	}
	// The ARN of a route ends with the route's key.
	id := e.Kind + " " + e.Source[strings.LastIndexByte(e.Source, '/')+1:]
	if p.has(id) {
		return id
	}
	return ""
}
