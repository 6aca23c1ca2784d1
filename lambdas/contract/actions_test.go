package contract

import (
	"slices"
	"testing"

	"skiff/lambdas"
)

// The declaration gives each function exactly the actions it uses.
func TestDeclaredActionsAreTheUsedOnes(t *testing.T) {
	t.Parallel()
	uses := map[string]func(*world){
		"create-item": func(w *world) {
			for range 2 {
				w.send("POST", "/items", keyed("k"), widget)
			}
		},
		"get-item": func(w *world) { w.send("GET", "/items/x", nil, "") },
		"list-items": func(w *world) {
			for range 2 {
				w.create(widget)
			}
			w.proxy.fault(nil) // forget the calls of the creates
			w.send("GET", "/items?status=active&limit=1", nil, "")
		},
		"update-item": func(w *world) { w.send("PUT", "/items/x", with(jsonBody, "if-match", `"1"`), widget) },
		"delete-item": func(w *world) { w.send("DELETE", "/items/x", nil, "") },
		"health":      func(w *world) { w.send("GET", "/health", nil, "") },
	}
	for _, function := range lambdas.Functions() {
		t.Run(function.Name, func(t *testing.T) {
			t.Parallel()
			use := uses[function.Name]
			if use == nil {
				t.Fatal("no request here uses the function")
			}
			w := newWorld(t)
			use(w)
			var want []string
			want = append(want, function.TableActions...)
			for _, action := range function.IndexActions {
				want = append(want, action+" of the index")
			}
			got := w.proxy.seen()
			slices.Sort(got)
			slices.Sort(want)
			if got = slices.Compact(got); !slices.Equal(got, want) {
				t.Errorf("used are %v, declared %v", got, want)
			}
		})
	}
}
