package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// entry is a file in a commit.
type entry struct {
	mode, blob, path string
	content          []byte // of a regular file
}

// readTree returns the files of a commit.
func (g git) readTree(commit string) ([]entry, error) {
	listed, err := g.feed(nil, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	var entries []entry
	var wanted strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(string(listed), "\x00"), "\x00") {
		about, path, _ := strings.Cut(line, "\t")
		fields := strings.Fields(about) // mode, type, id
		if len(fields) != 3 {
			return nil, fmt.Errorf("git ls-tree %s prints the line %q, which does not have three fields", commit, line)
		}
		entries = append(entries, entry{mode: fields[0], blob: fields[2], path: path})
		if strings.HasPrefix(fields[0], "100") {
			wanted.WriteString(fields[2] + "\n")
		}
	}
	contents, err := g.feed([]byte(wanted.String()), "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if strings.HasPrefix(entries[i].mode, "100") {
			if entries[i].content, contents, err = cutBlob(contents); err != nil {
				return nil, fmt.Errorf("%s of %s: %w", entries[i].path, commit, err)
			}
		}
	}
	return entries, nil
}

// cutBlob returns the first object in the output of git cat-file --batch, and
// the rest of the output.
func cutBlob(batch []byte) (content, rest []byte, err error) {
	header, rest, _ := bytes.Cut(batch, []byte("\n"))
	fields := strings.Fields(string(header)) // id, type, size
	if len(fields) != 3 {
		return nil, nil, fmt.Errorf("git cat-file prints %q", header)
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil || size >= len(rest) {
		return nil, nil, fmt.Errorf("git cat-file prints %q and %d bytes", header, len(rest))
	}
	return rest[:size:size], rest[size+1:], nil
}

// renameCommit writes a tree with the commit's files, renamed to the identity
// to. It returns the tree's id, and whether the commit already has this
// identity. It changes neither the work tree nor the index.
func (g git) renameCommit(commit string, to identity) (tree string, same bool, err error) {
	entries, err := g.readTree(commit)
	if err != nil {
		return "", false, err
	}
	from, err := identityOfEntries(entries)
	if err != nil {
		return "", false, fmt.Errorf("commit %s: %w", commit, err)
	}
	temp, err := os.MkdirTemp("", "rename-")
	if err != nil {
		return "", false, err
	}
	defer os.RemoveAll(temp)
	if err := g.renameEntries(entries, from, to, temp); err != nil {
		return "", false, err
	}
	var index strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&index, "%s %s\t%s\x00", e.mode, e.blob, e.path)
	}
	g.env = append(g.env, "GIT_INDEX_FILE="+filepath.Join(temp, "index"))
	if _, err := g.feed([]byte(index.String()), "update-index", "-z", "--index-info"); err != nil {
		return "", false, err
	}
	tree, err = g.run("write-tree")
	return tree, from == to, err
}

// renameEntries stores the renamed files in git and sets the ids of the
// entries.
func (g git) renameEntries(entries []entry, from, to identity, temp string) error {
	var all []string
	for _, e := range entries {
		all = append(all, e.path)
	}
	r := newRenaming(from, to, all)
	var changed []*entry
	var files strings.Builder
	for i := range entries {
		e := &entries[i]
		renamed := r.file(e.path, e.content)
		if bytes.Equal(renamed, e.content) {
			continue
		}
		file := filepath.Join(temp, strconv.Itoa(i))
		if err := os.WriteFile(file, renamed, 0o600); err != nil {
			return err
		}
		changed = append(changed, e)
		files.WriteString(file + "\n")
	}
	// Without filters, git stores the bytes as they are, as in the old file.
	ids, err := g.feed([]byte(files.String()), "hash-object", "-w", "--no-filters", "--stdin-paths")
	if err != nil {
		return err
	}
	lines := strings.Fields(string(ids))
	if len(lines) != len(changed) {
		return fmt.Errorf("git hash-object stored %d files of %d", len(lines), len(changed))
	}
	for i, e := range changed {
		e.blob = lines[i]
	}
	return nil
}

func identityOfEntries(entries []entry) (identity, error) {
	return identityOf(func(path string) ([]byte, error) {
		for _, e := range entries {
			if e.path == path {
				return e.content, nil
			}
		}
		return nil, fmt.Errorf("there is no %s", path)
	})
}
