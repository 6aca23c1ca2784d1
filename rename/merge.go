package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// merge merges the commit that ref names into the branch of the repository dir,
// as if that commit, and all before it, had this branch's names.
//
// A plain merge would compare the branch with a merge base of other names: each
// renamed line is then a change of the branch, and conflicts with a change of
// ref's on it. So this makes two commits: the merge base, renamed, and ref,
// renamed, which has both the renamed base and ref as parents. The renamed base
// is merged first, and changes nothing (git merge -s ours). It is then the merge
// base of the branch and the renamed ref, and git merges them with no difference
// of names in between. ref is in the branch's history afterwards, so that the
// next merge begins from there.
func merge(dir, ref string, out io.Writer) error {
	g := git{dir: dir}
	if prefix, err := g.run("rev-parse", "--show-prefix"); err != nil || prefix != "" {
		return fmt.Errorf("run it at the root of the git repository")
	}
	if err := g.clean(); err != nil {
		return err
	}
	m, err := g.plan(ref)
	if err != nil {
		return err
	}
	if m.theirs == m.base {
		fmt.Fprintf(out, "%s is merged already. Nothing has changed.\n", ref)
		return nil
	}
	if err := g.checkCommitter(); err != nil {
		return err
	}
	renamed, err := g.prepare(m)
	if err != nil {
		return fmt.Errorf("%w; nothing of the branch has changed", err)
	}
	if err := g.checkIgnored(m, renamed); err != nil {
		return err
	}
	return g.mergeCommits(m, renamed, out)
}

// merging is what takes part in a merge: commits by their ids.
type merging struct {
	ref                string // as the user names it
	ours, theirs, base string
	names              identity // of ours
}

func (g git) plan(ref string) (m merging, err error) {
	m.ref = ref
	if m.ours, err = g.commit("HEAD"); err != nil {
		return m, errors.New("the branch has no commit yet: commit first")
	}
	if m.theirs, err = g.commit(ref); err != nil {
		return m, fmt.Errorf("there is no commit %s: fetch it first, as git remote add upstream URL and git fetch upstream do for upstream/main", ref)
	}
	m.base, err = g.run("merge-base", m.ours, m.theirs)
	if err != nil {
		if shallow, _ := g.run("rev-parse", "--is-shallow-repository"); shallow == "true" {
			return m, fmt.Errorf("this clone has only the newest commits, and none that %s has, too: git fetch --unshallow origin, and the same of the remote of %s, then try again", ref, ref)
		}
		return m, fmt.Errorf("this branch and %s have no commit in common: the merge needs a clone that has kept the history of %s", ref, ref)
	}
	entries, err := g.readTree(m.ours)
	if err != nil {
		return m, err
	}
	m.names, err = identityOfEntries(entries)
	return m, err
}

// checkCommitter makes sure that git knows who commits before it has to.
func (g git) checkCommitter() error {
	if _, err := g.run("var", "GIT_COMMITTER_IDENT"); err != nil {
		return errors.New("git does not know who commits: git config user.name NAME and git config user.email ADDRESS say so")
	}
	return nil
}

// prepared are the commits that git merges. Where no name differs there is no
// base, and theirs is ref's own.
type prepared struct{ base, theirs string }

// prepare makes the renamed commits. No branch has them yet.
func (g git) prepare(m merging) (p prepared, err error) {
	base, sameBase, err := g.renameCommit(m.base, m.names)
	if err != nil {
		return p, err
	}
	theirs, sameTheirs, err := g.renameCommit(m.theirs, m.names)
	if err != nil {
		return p, err
	}
	if sameBase && sameTheirs {
		return prepared{theirs: m.theirs}, nil
	}
	p.base, err = g.run("commit-tree", base, "-p", m.base, "-m", "rename: "+m.names.Name+" as of "+m.base[:12])
	if err != nil {
		return p, err
	}
	p.theirs, err = g.run("commit-tree", theirs, "-p", p.base, "-p", m.theirs, "-m", "rename: "+m.names.Name+" as of "+m.theirs[:12])
	return p, err
}

// checkIgnored refuses a merge that would write over a file that git ignores,
// which git does without a word.
func (g git) checkIgnored(m merging, p prepared) error {
	added, err := g.run("diff", "--name-only", "--no-renames", "--diff-filter=A", "-z", m.ours, p.theirs)
	if err != nil {
		return err
	}
	for path := range strings.SplitSeq(strings.TrimRight(added, "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(g.dir, filepath.FromSlash(path))); path != "" && err == nil {
			return fmt.Errorf("%s has %s, and here it is a file that git ignores and the merge would write over: move it away first", m.ref, path)
		}
	}
	return nil
}

// mergeCommits merges both commits, the base without its changes.
func (g git) mergeCommits(m merging, p prepared, out io.Writer) error {
	if p.base != "" {
		if _, err := g.run("merge", "--no-ff", "-s", "ours", "-m", "Merge the names before "+m.ref, p.base); err != nil {
			return g.stopped(m, err)
		}
	}
	if _, err := g.run("merge", "--no-ff", "-m", "Merge "+m.ref, p.theirs); err != nil {
		return g.stopped(m, err)
	}
	count, _ := g.run("rev-list", "--count", m.ours+".."+m.theirs)
	fmt.Fprintf(out, "%s is merged, with %s commits. %s goes back.\n", m.ref, count, m.back())
	fmt.Fprintf(out, "Next: read CHANGELOG.md, then go test ./infra ./lambdas/...\n")
	return nil
}

// back is the command that undoes a merge, done or half done.
func (m merging) back() string { return "git reset --merge " + m.ours[:12] }

// stopped says what there is to do after a merge that git has not finished.
func (g git) stopped(m merging, cause error) error {
	if conflicts, _ := g.run("diff", "--name-only", "--diff-filter=U"); conflicts != "" {
		return fmt.Errorf("both sides changed these files; edit them, git add them, and git commit. %s goes back:\n%s", m.back(), conflicts)
	}
	if _, err := g.commit("MERGE_HEAD"); err == nil {
		return fmt.Errorf("%w\nThe merge is not committed; %s goes back", cause, m.back())
	}
	// Only the merge that changes no file can be done: the branch alone goes back.
	if _, err := g.run("reset", "--soft", m.ours); err != nil {
		return fmt.Errorf("%w\n%s goes back", errors.Join(cause, err), m.back())
	}
	return fmt.Errorf("%w\nThe branch is as it was", cause)
}
