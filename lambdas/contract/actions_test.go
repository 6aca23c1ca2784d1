package contract

import (
	"slices"
	"testing"

	"skiff/lambdas"
	"skiff/lambdas/event"
)

// uses returns, by function, requests and events that use every AWS action of
// the function.
func uses() map[string]func(*world) {
	return map[string]func(*world){
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
			w.proxy.fault(nil) // also forgets the calls of the creates
			w.send("GET", "/items?status=active&limit=1", nil, "")
		},
		"update-item": func(w *world) {
			id := w.create(widget)
			w.proxy.fault(nil)
			for range 2 { // the second request names an old version
				w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget)
			}
		},
		"delete-item": func(w *world) {
			id := w.create(widget)
			w.proxy.fault(nil)
			w.delete(id)
		},
		"health":    func(w *world) { w.send("GET", "/health", nil, "") },
		"authorize": func(w *world) { w.authorizeHTTP(w.authorizer(), "", "Bearer "+w.token("someone")) },
		"socket": func(w *world) {
			w.createConnections()
			w.connect("a=")
			w.socket("$disconnect", "a=")
		},
		"notify": func(w *world) {
			w.createConnections()
			for _, id := range []string{"a=", "gone="} {
				w.connect(id)
			}
			w.services.change(func(s *services) { s.gone["gone="] = true })
			w.wait()
			w.proxy.fault(nil)
			body := string(event.New(event.Created, "item", 1, "2026-03-01T12:00:00Z").JSON())
			w.notify(w.notifier(), body, body)
		},
	}
}

// Each function's Rights are exactly the actions that it uses. Lambda's own
// actions, such as polling a queue, are not part of Rights.
func TestRightsAreUsed(t *testing.T) {
	t.Parallel()
	for _, function := range lambdas.Declared().Functions {
		use := uses()[function.Name]
		if use == nil {
			continue // a team's function, which these tests do not know
		}
		t.Run(function.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			use(w)
			got := w.proxy.seen()
			var want []string
			for resource, actions := range function.Rights {
				for _, action := range actions {
					if resource != (lambdas.Resource{Table: "items"}) {
						action += " of the " + resource.String()
					}
					want = append(want, action)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if got = slices.Compact(got); !slices.Equal(got, want) {
				t.Errorf("the function uses %v, its Rights are %v", got, want)
			}
		})
	}
}
