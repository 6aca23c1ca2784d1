package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// merge merges the commit ref into the branch of the repository dir, as if this
// commit and all commits before it had the branch's names.
//
// In a plain merge, the merge base has other names than the branch. Each
// renamed line is then a change of the branch, and conflicts with a change of
// the same line in ref. So merge makes two commits: the renamed merge base, and
// the renamed ref, whose parents are the renamed base and ref.
//
// It first merges the renamed base without any change of files (git merge -s
// ours). The renamed base is then the merge base of the branch and the renamed
// ref, so git merges these two without differences in names. Because ref is
// then in the branch's history, the next merge starts from it.
func merge(dir, ref string, out io.Writer) error {
	g := git{dir: dir}
	if prefix, err := g.run("rev-parse", "--show-prefix"); err != nil || prefix != "" {
		return fmt.Errorf("run this command at the root of the git repository")
	}
	if err := g.clean(); err != nil {
		return err
	}
	m, err := g.plan(ref)
	if err != nil {
		return err
	}
	if m.theirs == m.base {
		fmt.Fprintf(out, "%s is already merged. Nothing has changed.\n", ref)
		return nil
	}
	if err := g.checkCommitter(); err != nil {
		return err
	}
	renamed, err := g.prepare(m)
	if err != nil {
		return fmt.Errorf("%w; the branch has not changed", err)
	}
	if err := g.checkIgnored(m, renamed); err != nil {
		return err
	}
	return g.mergeCommits(m, renamed, out)
}

// merging holds the commits of a merge, by id.
type merging struct {
	ref                string // as the user names it
	ours, theirs, base string
	identity           identity // of ours
}

func (g git) plan(ref string) (m merging, err error) {
	m.ref = ref
	if m.ours, err = g.commit("HEAD"); err != nil {
		return m, errors.New("the branch has no commit yet; commit first")
	}
	if m.theirs, err = g.commit(ref); err != nil {
		return m, fmt.Errorf("there is no commit %s; fetch it first: for upstream/main, run git remote add upstream URL and git fetch upstream", ref)
	}
	m.base, err = g.run("merge-base", m.ours, m.theirs)
	if err != nil {
		if shallow, _ := g.run("rev-parse", "--is-shallow-repository"); shallow == "true" {
			return m, fmt.Errorf("this clone is shallow and has no commit in common with %s; run git fetch --unshallow origin, and the same for the remote of %s, then try again", ref, ref)
		}
		return m, fmt.Errorf("this branch and %s have no commit in common; merge in a clone that has the history of %s", ref, ref)
	}
	entries, err := g.readTree(m.ours)
	if err != nil {
		return m, err
	}
	m.identity, err = identityOfEntries(entries)
	return m, err
}

// checkCommitter fails early if git does not know the committer.
func (g git) checkCommitter() error {
	if _, err := g.run("var", "GIT_COMMITTER_IDENT"); err != nil {
		return errors.New("git does not know the committer; run git config user.name NAME and git config user.email ADDRESS")
	}
	return nil
}

// prepared holds the commits that git merges. If no name differs, base is empty
// and theirs is ref itself.
type prepared struct{ base, theirs string }

// prepare makes the renamed commits. They are not on a branch yet.
func (g git) prepare(m merging) (p prepared, err error) {
	base, sameBase, err := g.renameCommit(m.base, m.identity)
	if err != nil {
		return p, err
	}
	theirs, sameTheirs, err := g.renameCommit(m.theirs, m.identity)
	if err != nil {
		return p, err
	}
	if sameBase && sameTheirs {
		return prepared{theirs: m.theirs}, nil
	}
	p.base, err = g.run("commit-tree", base, "-p", m.base, "-m", "rename: "+m.identity.Name+" as of "+m.base[:12])
	if err != nil {
		return p, err
	}
	p.theirs, err = g.run("commit-tree", theirs, "-p", p.base, "-p", m.theirs, "-m", "rename: "+m.identity.Name+" as of "+m.theirs[:12])
	return p, err
}

// checkIgnored fails if the merge would overwrite an ignored file. git
// overwrites such files without a message.
func (g git) checkIgnored(m merging, p prepared) error {
	added, err := g.run("diff", "--name-only", "--no-renames", "--diff-filter=A", "-z", m.ours, p.theirs)
	if err != nil {
		return err
	}
	for path := range strings.SplitSeq(strings.TrimRight(added, "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(g.dir, filepath.FromSlash(path))); path != "" && err == nil {
			return fmt.Errorf("%s has the file %s, which exists here and is ignored by git: move it away first, because the merge would overwrite it", m.ref, path)
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
	fmt.Fprintf(out, "%s is merged, with %s commits. To undo the merge, run %s\n", m.ref, count, m.back())
	fmt.Fprintf(out, "Next: read CHANGELOG.md, then run go test ./infra ./lambdas/...\n")
	return nil
}

// back returns the command that undoes a complete or incomplete merge.
func (m merging) back() string { return "git reset --merge " + m.ours[:12] }

// stopped returns the error for a merge that git has not finished, with what to
// do.
func (g git) stopped(m merging, cause error) error {
	if conflicts, _ := g.run("diff", "--name-only", "--diff-filter=U"); conflicts != "" {
		return fmt.Errorf("these files have conflicts; edit them, then run git add and git commit, or run %s to undo the merge:\n%s", m.back(), conflicts)
	}
	if _, err := g.commit("MERGE_HEAD"); err == nil {
		return fmt.Errorf("%w\nThe merge is not committed; to undo it, run %s", cause, m.back())
	}
	// Only the first merge, which changes no file, can be complete. So
	// resetting the branch is enough.
	if _, err := g.run("reset", "--soft", m.ours); err != nil {
		return fmt.Errorf("%w\nTo undo the merge, run %s", errors.Join(cause, err), m.back())
	}
	return fmt.Errorf("%w\nThe branch is as it was", cause)
}
