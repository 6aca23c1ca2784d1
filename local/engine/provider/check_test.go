package provider

import (
	"regexp"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// checkLamp returns the checked inputs and the failures, one per line.
func checkLamp(t *testing.T, c pulumirpc.ResourceProviderClient, r *pulumirpc.CheckRequest, news map[string]any) (map[string]any, string) {
	t.Helper()
	r.Type, r.Urn, r.News = lampToken, urn("a"), properties(t, news)
	if r.Name == "" {
		r.Name = "a"
	}
	response, err := c.Check(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var failures []string
	for _, f := range response.Failures {
		failures = append(failures, f.Property+": "+f.Reason)
	}
	return response.Inputs.AsMap(), strings.Join(failures, "\n")
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	knows := "the local cloud does not know this property; it knows "
	socketKnows := knows + "plug, volts"
	lampKnows := knows + "code, colour, name, on, ratio, room, socket, sockets, tags, watts"
	const inert = "; to keep it without effect: -inert test:index/lamp:Lamp."
	tests := []struct {
		name   string
		inputs map[string]any
		want   string
	}{
		{"nothing", map[string]any{"colour": "red"}, ""},
		{"tags of any name", map[string]any{"colour": "red", "tags": map[string]any{"any thing": "x"}}, ""},
		{"unknown at the top", map[string]any{"colour": "red", "color": "x"}, "color: " + lampKnows + inert + "color"},
		{"other case", map[string]any{"colour": "red", "Watts": 1.0}, "Watts: " + lampKnows + inert + "Watts"},
		{"unknown in an object", map[string]any{"colour": "red", "socket": map[string]any{"volts": 1.0, "amps": 2.0}}, "socket.amps: " + socketKnows + inert + "socket.amps"},
		{"unknown in a list", map[string]any{"colour": "red", "sockets": []any{map[string]any{"volts": 1.0}, map[string]any{"volts": 1.0, "amps": 2.0}}}, "sockets[1].amps: " + socketKnows + inert + "sockets.amps"},
		{"required", map[string]any{}, "colour: is required"},
		{"required but null", map[string]any{"colour": nil}, "colour: is required"},
		{"required but empty", map[string]any{"colour": ""}, "colour: is required"},
		{"required in a list", map[string]any{"colour": "red", "sockets": []any{map[string]any{"plug": "f"}}}, "sockets[0].volts: is required"},
		{"two at once", map[string]any{"x": 1.0}, "x: " + lampKnows + inert + "x\ncolour: is required"},
		{"string for a number", map[string]any{"colour": "red", "watts": "60"}, "watts: must be a whole number, not string"},
		{"fraction for an int", map[string]any{"colour": "red", "watts": 1.5}, "watts: must be a whole number, not number 1.5"},
		{"string for a fraction", map[string]any{"colour": "red", "ratio": "1"}, "ratio: must be a number, not string"},
		{"number for a string", map[string]any{"colour": 1.0}, "colour: must be a string, not number"},
		{"string for a bool", map[string]any{"colour": "red", "on": "yes"}, "on: must be true or false, not string"},
		{"object for a list", map[string]any{"colour": "red", "sockets": map[string]any{}}, "sockets: must be a list, not object"},
		{"list for an object", map[string]any{"colour": "red", "socket": []any{}}, "socket: must be an object, not array"},
		{"number in tags", map[string]any{"colour": "red", "tags": map[string]any{"a": 1.0}}, "tags: must be a string, not number"},
		{"the type's own refusal", map[string]any{"colour": "black"}, "colour: gives no light"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, got := checkLamp(t, c, &pulumirpc.CheckRequest{}, test.inputs); got != test.want {
				t.Errorf("refused with\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestUnknownValuesAreAccepted(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	u := any(unknownValue)
	for name, inputs := range map[string]map[string]any{
		"everything": {"name": u, "colour": u, "watts": u, "ratio": u, "on": u, "socket": u, "sockets": u, "code": u, "room": u, "tags": u},
		"nested":     {"colour": "red", "socket": map[string]any{"volts": u}, "sockets": []any{u, map[string]any{"volts": u, "plug": u}}, "tags": map[string]any{"a": u}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, got := checkLamp(t, c, &pulumirpc.CheckRequest{Name: "a"}, inputs); got != "" {
				t.Errorf("refused: %s", got)
			}
		})
	}
}

func TestAutoname(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	seed := []byte{0x12, 0x34, 0x56, 0x78, 0x9a}
	options := func(mode pulumirpc.CheckRequest_AutonamingOptions_Mode, name string) *pulumirpc.CheckRequest_AutonamingOptions {
		return &pulumirpc.CheckRequest_AutonamingOptions{Mode: mode, ProposedName: name}
	}
	const enforce, disable = pulumirpc.CheckRequest_AutonamingOptions_ENFORCE, pulumirpc.CheckRequest_AutonamingOptions_DISABLE
	tests := []struct {
		name    string
		request *pulumirpc.CheckRequest
		given   any
		olds    map[string]any
		want    string // a regular expression
		refusal string
	}{
		{"made up", &pulumirpc.CheckRequest{RandomSeed: seed}, nil, nil, `^a-1234567$`, ""},
		{"made up for an empty one", &pulumirpc.CheckRequest{RandomSeed: seed}, "", nil, `^a-1234567$`, ""},
		{"without a seed", &pulumirpc.CheckRequest{}, nil, nil, `^a-[0-9a-f]{7}$`, ""},
		{"at most 20", &pulumirpc.CheckRequest{RandomSeed: seed, Name: "a-name-that-is-too-long"}, nil, nil, `^a-name-that--1234567$`, ""},
		{"proposed", &pulumirpc.CheckRequest{RandomSeed: seed, Autonaming: options(enforce, "p-a")}, nil, nil, `^p-a$`, ""},
		{"kept", &pulumirpc.CheckRequest{Autonaming: options(enforce, "p-a")}, nil, map[string]any{"name": "old", defaultsKey: []any{"name"}}, `^old$`, ""},
		{"given before, left out now", &pulumirpc.CheckRequest{RandomSeed: seed}, nil, map[string]any{"name": "old", defaultsKey: []any{}}, `^a-1234567$`, ""},
		{"given", &pulumirpc.CheckRequest{RandomSeed: seed}, "mine", map[string]any{"name": "old", defaultsKey: []any{"name"}}, `^mine$`, ""},
		{"disabled", &pulumirpc.CheckRequest{Autonaming: options(disable, "")}, nil, nil, `^$`, "name: is required, because autonaming is disabled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			news := map[string]any{"colour": "red"}
			if test.given != nil {
				news["name"] = test.given
			}
			test.request.Olds = properties(t, test.olds)
			inputs, refusal := checkLamp(t, c, test.request, news)
			name, _ := inputs["name"].(string)
			if !regexp.MustCompile(test.want).MatchString(name) || refusal != test.refusal {
				t.Errorf("name %q, refusal %q; want %s, %q", name, refusal, test.want, test.refusal)
			}
		})
	}
}
