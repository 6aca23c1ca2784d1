package main

import (
	"bytes"
	"go/format"
	"go/scanner"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// renaming replaces the identity from with to in the files of one tree.
type renaming struct {
	from, to identity
	folders  []string // at the top of the tree, with Go packages
	stacks   []string // with a settings file at the top of the tree
	modules  *regexp.Regexp
	words    *regexp.Regexp // the name, or its form in environment variables
}

// newRenaming returns the renaming for a tree with files of these paths.
func newRenaming(from, to identity, paths []string) *renaming {
	r := &renaming{from: from, to: to}
	for _, p := range paths {
		folder, rest, nested := strings.Cut(p, "/")
		if nested && strings.HasSuffix(rest, ".go") && !slices.Contains(r.folders, folder) {
			r.folders = append(r.folders, folder)
		}
		if stack, ok := strings.CutPrefix(p, "Pulumi."); ok && !nested && stack != "yaml" {
			r.stacks = append(r.stacks, strings.TrimSuffix(stack, ".yaml"))
		}
	}
	r.modules = regexp.MustCompile(regexp.QuoteMeta(from.Module))
	r.words = regexp.MustCompile(variable(from.Name) + "|" + from.Name)
	return r
}

// file returns a file's new content. A formatted Go file stays formatted.
func (r *renaming) file(name string, content []byte) []byte {
	renamed := r.content(name, content)
	if path.Ext(name) != ".go" || bytes.Equal(renamed, content) {
		return renamed
	}
	// The new names may change the order of imports and the width of columns.
	if formatted, err := format.Source(content); err == nil && bytes.Equal(formatted, content) {
		if formatted, err := format.Source(renamed); err == nil {
			return formatted
		}
	}
	return renamed
}

// content returns a file's new content. Licences, checksums and binary files do
// not change.
func (r *renaming) content(name string, content []byte) []byte {
	switch {
	case !r.covers(name, content):
		return content
	case path.Ext(name) == ".go":
		return []byte(r.source(string(content)))
	}
	return []byte(r.text(string(content)))
}

func (r *renaming) covers(name string, content []byte) bool {
	switch base := path.Base(name); {
	case strings.Contains(base, "LICENSE"), strings.Contains(base, "NOTICE"): // legal texts
		return false
	case path.Ext(base) == ".sum", base == "package-lock.json": // digests may contain a short name
		return false
	}
	return utf8.Valid(content) && bytes.IndexByte(content, 0) < 0
}

// source renames in the strings and comments of a Go file only, because a
// package or a variable may have the same name as the project.
func (r *renaming) source(src string) string {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(file, []byte(src), nil, scanner.ScanComments)
	var b strings.Builder
	done := 0
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok != token.STRING && tok != token.COMMENT {
			continue
		}
		start := file.Offset(pos)
		end := start + len(literal)
		if end > len(src) || src[start:end] != literal { // the scanner drops carriage returns
			return r.text(src)
		}
		b.WriteString(src[done:start])
		b.WriteString(r.text(literal))
		done = end
	}
	if s.ErrorCount > 0 {
		return r.text(src)
	}
	return b.String() + src[done:]
}

// text renames module paths and names in a text.
func (r *renaming) text(s string) string {
	var b strings.Builder
	done := 0
	for _, at := range r.modules.FindAllStringIndex(s, -1) {
		if at[0] < done || !r.isModule(s, at[0]) {
			continue
		}
		r.renameNames(&b, s, done, at[0])
		b.WriteString(r.to.Module)
		// The rest is a path in the module, whose folders keep their names.
		done = pathEnd(s, at[1])
		b.WriteString(s[at[1]:done])
	}
	r.renameNames(&b, s, done, len(s))
	return b.String()
}

// renameNames appends s[start:end] to b, with the names replaced.
func (r *renaming) renameNames(b *strings.Builder, s string, start, end int) {
	done := start
	for _, at := range r.words.FindAllStringIndex(s[start:end], -1) {
		from, to := start+at[0], start+at[1]
		switch {
		case s[from:to] != r.from.Name && isWord(s, from, to) && strings.HasPrefix(s[to:], "_"):
			b.WriteString(s[done:from] + variable(r.to.Name))
		case s[from:to] == r.from.Name && r.isName(s, from, to):
			b.WriteString(s[done:from] + r.to.Name)
		default:
			continue
		}
		done = to
	}
	b.WriteString(s[done:end])
}

// variable returns the prefix of the project's environment variables.
func variable(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// isModule reports whether the text at start is the module path: in go.mod, or
// at the start of a package path. The path of a stack, PROJECT/STACK, may look
// the same.
func (r *renaming) isModule(s string, start int) bool {
	end := start + len(r.from.Module)
	if !isWord(s, start, start) || start > 0 && strings.IndexByte("./-_", s[start-1]) >= 0 {
		return false
	}
	if rest := s[end:pathEnd(s, end)]; strings.Trim(rest, ".") == "" {
		return strings.HasSuffix(s[:start], "module ") || strings.Contains(r.from.Module, "/")
	} else if rest[0] != '/' {
		return false
	}
	folder, inside, nested := strings.Cut(s[end+1:pathEnd(s, end)], "/")
	folder, _, selects := strings.Cut(folder, ".")
	if !slices.Contains(r.folders, folder) {
		return strings.Contains(r.from.Module, "/")
	}
	return nested && inside != "" || selects || !slices.Contains(r.stacks, folder)
}

// isWord reports whether s[start:end] is a whole word. If it is empty, isWord
// checks only its start. A word after a hyphen is part of another name, because
// the project's name is always at the start of a name.
func isWord(s string, start, end int) bool {
	if start < end && end < len(s) && isAlnum(s[end]) {
		return false
	}
	if start == 0 || escaped(s, start) {
		return true
	}
	joined := s[start-1] == '-' && start > 1 && isAlnum(s[start-2])
	return !joined && !isAlnum(s[start-1])
}

// escaped reports whether the letter before start belongs to an escape, such as
// \n in a string.
func escaped(s string, start int) bool {
	return start > 1 && s[start-2] == '\\' && strings.ContainsRune("abfnrtv", rune(s[start-1]))
}

// pathEnd returns the offset of the end of the path that continues at start.
func pathEnd(s string, start int) int {
	for start < len(s) && (isAlnum(s[start]) || strings.IndexByte("./_-", s[start]) >= 0) {
		start++
	}
	return start
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
