package main

import (
	"cmp"
	"strings"

	"skiff/lambdas"
)

// label names an entry of the declaration in environment variables, outputs and
// parameters. It has words with hyphens between them.
type label string

// labelOf returns the entry's own label, or its name and kind if it has none.
func labelOf(own, name, kind string) label { return label(cmp.Or(own, name+"-"+kind)) }

func tableLabel(t lambdas.Table) label   { return labelOf(t.Label, t.Name, "table") }
func queueLabel(q lambdas.Queue) label   { return labelOf(q.Label, q.Name, "queue") }
func bucketLabel(b lambdas.Bucket) label { return labelOf(b.Label, b.Name, "bucket") }

// variable returns the name of an environment variable, such as TABLE_NAME.
func (l label) variable(what string) string {
	return strings.ToUpper(strings.ReplaceAll(string(l)+"_"+what, "-", "_"))
}

// member returns the name of an output or a parameter, such as tableName.
func (l label) member(what string) string {
	first, rest, _ := strings.Cut(string(l), "-")
	for word := range strings.SplitSeq(rest, "-") {
		first += capital(word)
	}
	return first + capital(what)
}

func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}
