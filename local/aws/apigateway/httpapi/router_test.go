package httpapi

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type routeTables struct {
	Doc struct {
		Routes []string
		Cases  [][2]string
	} `json:"doc_example"`
	Dotnet struct {
		Routes map[string]string
		Cases  [][2]string
	} `json:"dotnet_table"`
}

// TestRecordedRoutePrecedence runs both tables with the routes in many orders,
// because the order must not matter.
func TestRecordedRoutePrecedence(t *testing.T) {
	t.Parallel()
	var tables routeTables
	load(t, "routes_errors_cors.json", &tables)
	if len(tables.Doc.Cases) == 0 || len(tables.Dotnet.Cases) == 0 {
		t.Fatal("a table is empty")
	}
	check := func(routes []Route, method, path, want string) {
		t.Helper()
		for range 50 {
			rand.Shuffle(len(routes), func(i, j int) { routes[i], routes[j] = routes[j], routes[i] })
			m, ok := findRoute(routes, method, path)
			if !ok || m.route.ID != want {
				t.Errorf("%s %q: %v, want %s", method, path, m.route, want)
				return
			}
		}
	}
	var doc []Route
	for _, key := range tables.Doc.Routes {
		doc = append(doc, Route{ID: key, Key: key})
	}
	for _, c := range tables.Doc.Cases {
		method, path, _ := strings.Cut(c[0], " ")
		check(doc, method, path, c[1])
	}
	check(doc, "POST", "/", "ANY /{proxy+}")
	check(slices.DeleteFunc(slices.Clone(doc), func(r Route) bool { return r.Key == "ANY /{proxy+}" }), "POST", "/x", "$default")

	var dotnet []Route
	for id, key := range tables.Dotnet.Routes {
		dotnet = append(dotnet, Route{ID: id, Key: key})
	}
	for _, c := range tables.Dotnet.Cases {
		check(dotnet, "GET", c[0], c[1])
	}
}

func TestFindRoute(t *testing.T) {
	t.Parallel()
	var routes []Route
	for _, key := range []string{"GET /items", "GET /items/{id}", "ANY /items/{id}/{part}", "PUT /items/{id}/parts", "GET /", "ANY /files/{path+}"} {
		routes = append(routes, Route{Key: key})
	}
	for _, c := range []struct {
		method, path, key string
		parameters        map[string]string
	}{
		{"GET", "/items", "GET /items", nil},
		{"GET", "/items/", "", nil},
		{"GET", "/items/1", "GET /items/{id}", map[string]string{"id": "1"}},
		{"GET", "/items/1/", "", nil},
		{"GET", "//items/1", "", nil},
		{"GET", "/items//1", "", nil},
		{"GET", "/ITEMS/1", "", nil},
		{"HEAD", "/items", "", nil},
		{"get", "/items", "", nil},
		{"POST", "/items", "", nil},
		{"GET", "/items/..", "GET /items/{id}", map[string]string{"id": ".."}},
		{"GET", "/items/../items/1", "", nil},
		{"GET", "/items/a%2Fb", "GET /items/{id}", map[string]string{"id": "a/b"}},
		{"GET", "/items/%252e", "GET /items/{id}", map[string]string{"id": "%2e"}},
		{"GET", "/it%65ms/1", "GET /items/{id}", map[string]string{"id": "1"}},
		{"DELETE", "/items/1/parts", "ANY /items/{id}/{part}", map[string]string{"id": "1", "part": "parts"}},
		{"PUT", "/items/1/parts", "PUT /items/{id}/parts", map[string]string{"id": "1"}},
		{"GET", "/", "GET /", nil},
		{"GET", "/files", "", nil},
		{"GET", "/files/", "ANY /files/{path+}", map[string]string{"path": ""}},
		{"GET", "/files/a%20b//c/", "ANY /files/{path+}", map[string]string{"path": "a b//c/"}},
	} {
		m, ok := findRoute(routes, c.method, c.path)
		key := ""
		if ok {
			key = m.route.Key
		}
		if key != c.key || !cmp.Equal(m.parameters, c.parameters) {
			t.Errorf("%s %s: %q %v, want %q %v", c.method, c.path, key, m.parameters, c.key, c.parameters)
		}
	}
}

func TestMethodBeforeAny(t *testing.T) {
	t.Parallel()
	routes := []Route{{Key: "ANY /pets/dog"}, {Key: "GET /pets/{id}"}, {Key: "ANY /{proxy+}"}, {Key: "POST /{proxy+}"}}
	for request, want := range map[string]string{
		"GET /pets/dog": "GET /pets/{id}", "PUT /pets/dog": "ANY /pets/dog",
		"POST /x": "POST /{proxy+}", "GET /x": "ANY /{proxy+}", "POST /pets/dog": "ANY /pets/dog",
	} {
		method, path, _ := strings.Cut(request, " ")
		if m, ok := findRoute(routes, method, path); !ok || m.route.Key != want {
			t.Errorf("%s: %v, want %s", request, m.route, want)
		}
	}
}

func TestChooseStage(t *testing.T) {
	t.Parallel()
	all := []Stage{{Name: "$default"}, {Name: "dev"}, {Name: "pets"}}
	for _, c := range []struct {
		stages           []Stage
		path, name, rest string
	}{
		{all, "/dev/pets/6", "dev", "/pets/6"},
		{all, "/pets/dog", "pets", "/dog"},
		{all, "/dev", "dev", "/"},
		{all, "/dev/", "dev", "/"},
		{all, "/dev//x", "dev", "//x"},
		{all, "/development", "$default", "/development"},
		{all, "/$default/x", "$default", "/$default/x"},
		{all, "/", "$default", "/"},
		{all[1:], "/items", "", "/items"},
		{nil, "/", "", "/"},
	} {
		s, rest := chooseStage(c.stages, c.path)
		name := ""
		if s != nil {
			name = s.Name
		}
		if name != c.name || rest != c.rest {
			t.Errorf("%s: %q %q, want %q %q", c.path, name, rest, c.name, c.rest)
		}
	}
}

// FuzzRouter checks the choice in other ways. The order of the routes must not
// matter, and the captured values must rebuild the path.
func FuzzRouter(f *testing.F) {
	f.Add("GET /items/{id}", "ANY /{proxy+}", "GET", "/items/a%2Fb")
	f.Add("$default", "POST /a/{b}/{c+}", "POST", "/a/b//")
	f.Add("GET /", "GET //", "GET", "")
	f.Add("GET /{a}/x", "GET /y/{b}", "GET", "/y/x")
	f.Fuzz(func(t *testing.T, first, second, method, path string) {
		routes := []Route{{ID: "1", Key: first}, {ID: "2", Key: second}}
		m, ok := findRoute(routes, method, path)
		swapped, okSwapped := findRoute([]Route{routes[1], routes[0]}, method, path)
		if ok != okSwapped {
			t.Fatalf("found depends on order: %v %v", m.route, swapped.route)
		}
		if !ok {
			return
		}
		if p, q := parseKey(first), parseKey(second); m.route.ID != swapped.route.ID && p.compare(q) != 0 {
			t.Fatalf("choice depends on order: %v %v", m.route, swapped.route)
		}
		if m.route.Key == "$default" {
			return
		}
		rebuilt := rebuild(m)
		if got, err := url.PathUnescape(strings.TrimPrefix(path, "/")); err == nil && rebuilt != "" && rebuilt != got {
			t.Fatalf("route %q captured %v: that is %q, not %q", m.route.Key, m.parameters, rebuilt, got)
		}
	})
}

// rebuild puts the captured values into the key. It returns "" if the key
// repeats a name, which AWS does not allow.
func rebuild(m match) string {
	_, path, _ := strings.Cut(m.route.Key, " ")
	var out []string
	seen := map[string]bool{}
	for text := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		p := parsePart(text)
		if p.kind == literal {
			out = append(out, text)
			continue
		}
		if seen[p.text] {
			return ""
		}
		seen[p.text] = true
		out = append(out, m.parameters[p.text])
	}
	return strings.Join(out, "/")
}
