package main

import (
	"path/filepath"
	"slices"
	"testing"

	"skiff/docs/recipe"
)

// removals is the page of recipes that remove parts.
const removals = "removals.md"

// byIssuer is the recipe that changes who signs the tokens, which no other
// recipe does.
const byIssuer = "An issuer of the same program"

// applyAdditions applies every recipe that adds something, in the order of the
// pages.
func applyAdditions(t *testing.T, dir string) {
	t.Helper()
	for _, r := range recipes(t) {
		if r.Page != removals && r.Name != byIssuer {
			apply(t, dir, r)
		}
	}
}

// recipes returns all recipes of the project.
func recipes(t *testing.T) []recipe.Recipe {
	t.Helper()
	all, err := recipe.Read(filepath.Join("..", "docs", "recipes"))
	if err != nil || len(all) == 0 {
		t.Fatalf("%d recipes: %v", len(all), err)
	}
	return all
}

// recipeOf returns the recipe with a name.
func recipeOf(t *testing.T, name string) recipe.Recipe {
	t.Helper()
	all := recipes(t)
	i := slices.IndexFunc(all, func(r recipe.Recipe) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("there is no recipe %q", name)
	}
	return all[i]
}

// apply applies a recipe to a checkout. It skips the test if a team's service
// has changed the lines that the recipe edits.
func apply(t *testing.T, dir string, r recipe.Recipe) {
	t.Helper()
	err := r.Apply(dir)
	if err == nil {
		return
	}
	if owned, _ := recipe.Owned(dir); owned {
		t.Skipf("a line of this service is in the way: %v", err)
	}
	t.Fatal(err)
}
