// Package watch finds the changed files of a project, and whether each belongs
// to the Pulumi program or only to the code of functions.
package watch
