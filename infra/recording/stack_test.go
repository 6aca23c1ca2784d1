package recording

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func TestMain(m *testing.M) { Main(m) }

// sky is a cloud whose resources have an ARN, a size and a place. Its one
// function returns the time.
type sky struct{}

func (sky) Create(args pulumi.MockResourceArgs) (string, map[string]any) {
	return "id of " + args.Name, map[string]any{
		"arn": "arn of " + args.Name, "size": 9.0, "place": map[string]any{"room": "any", "shelf": "top"},
	}
}

func (sky) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token != "sky:index:time" {
		return nil, errors.New("call of " + args.Token)
	}
	return resource.NewPropertyMapFromMap(map[string]any{"at": args.Args["zone"].StringValue() + " noon"}), nil
}

// run runs a program that declares what register declares.
func run(t *testing.T, register func(ctx *pulumi.Context) (pulumi.Map, error)) (*Stack, error) {
	t.Helper()
	settings := map[string]string{"shop:size": "2"}
	return Run(t, "shop", "test", settings, sky{}, func(ctx *pulumi.Context, all string) (pulumi.Map, error) {
		if size, _ := ctx.GetConfig("shop:size"); size != "2" || all != `{"shop:size":"2"}` {
			t.Errorf("the program gets size %q and %s", size, all)
		}
		return register(ctx)
	})
}

// box registers a resource with some inputs.
func box(ctx *pulumi.Context, name string, inputs pulumi.Map, opts ...pulumi.ResourceOption) (*pulumi.CustomResourceState, error) {
	res := &pulumi.CustomResourceState{}
	return res, ctx.RegisterResource("sky:index:Box", name, inputs, res, opts...)
}

// shop declares a box in a component, and a second box that depends on it.
func shop(ctx *pulumi.Context) (pulumi.Map, error) {
	part := &pulumi.ResourceState{}
	if err := ctx.RegisterComponentResource("shop:index:Part", "front", part); err != nil {
		return nil, err
	}
	first, err := box(ctx, "first", pulumi.Map{
		"size": pulumi.Int(1), "policy": pulumi.String(`{"Allow":["a","b"]}`), "code": pulumi.NewFileArchive("a.zip"),
	}, pulumi.Parent(part), pulumi.Protect(true))
	if err != nil {
		return nil, err
	}
	hook, err := ctx.RegisterResourceHook("look", func(*pulumi.ResourceHookArgs) error { return nil }, nil)
	if err != nil {
		return nil, err
	}
	var time struct {
		At string `pulumi:"at"`
	}
	if err := ctx.Invoke("sky:index:time", &struct {
		Zone string `pulumi:"zone"`
	}{"UTC"}, &time); err != nil {
		return nil, err
	}
	_, err = box(ctx, "second", pulumi.Map{"first": first.ID(), "place": pulumi.Map{"room": pulumi.ToSecret(pulumi.String(time.At))}},
		pulumi.DependsOn([]pulumi.Resource{first}), pulumi.RetainOnDelete(true), pulumi.DeleteBeforeReplace(true),
		pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "15m"}),
		pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeUpdate: []*pulumi.ResourceHook{hook}}))
	return pulumi.Map{"first": first.ID()}, err
}

func TestRun(t *testing.T) {
	t.Parallel()
	s, err := run(t, shop)
	if err != nil {
		t.Fatal(err)
	}
	anywhere := map[string]any{"room": "any", "shelf": "top"}
	inputs := map[string]any{"size": 1.0, "policy": `{"Allow":["a","b"]}`, "code": "archive a.zip"}
	want := &Stack{
		Resources: map[string]Resource{
			"shop:index:Part front": {Type: "shop:index:Part", Name: "front", Inputs: map[string]any{},
				Outputs: map[string]any{"arn": "arn of front", "size": 9.0, "place": anywhere}},
			"sky:index:Box first": {Type: "sky:index:Box", Name: "first", Parent: "shop:index:Part front", Protected: true, Inputs: inputs,
				Outputs: map[string]any{"arn": "arn of first", "size": 1.0, "place": anywhere, "policy": inputs["policy"], "code": inputs["code"]}},
			"sky:index:Box second": {Type: "sky:index:Box", Name: "second", After: []string{"sky:index:Box first"}, Retained: true,
				DeletedFirst: true, CreatedIn: "15m", Hooks: []string{"before an update look"},
				Inputs: map[string]any{"first": "id of first", "place": map[string]any{"room": "UTC noon"}},
				Outputs: map[string]any{"first": "id of first", "arn": "arn of second", "size": 9.0,
					"place": map[string]any{"room": "UTC noon", "shelf": "top"}}},
		},
		Outputs:  map[string]any{"first": "id of first"},
		Settings: map[string]string{"shop:size": "2"},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	text := `shop:index:Part front
  named front

sky:index:Box first
  named first
  code: archive a.zip
  policy:
    Allow:
      - a
      - b
  size: 1

sky:index:Box second
  named second
  first: id of first
  place:
    room: UTC noon

outputs
  first: id of first
`
	if diff := cmp.Diff(text, s.Text(func(r Resource) []string { return []string{"named " + r.Name} })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRunRefused checks that the stack holds what the program declared before
// an error.
func TestRunRefused(t *testing.T) {
	t.Parallel()
	s, err := run(t, func(ctx *pulumi.Context) (pulumi.Map, error) {
		for range 2 {
			if _, err := box(ctx, "first", nil); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	if err == nil || !strings.Contains(err.Error(), "sky:index:Box first is registered twice") || len(s.Of("sky:index:Box")) != 1 {
		t.Errorf("%v, with %v", err, s.Resources)
	}
	if _, err := run(t, func(*pulumi.Context) (pulumi.Map, error) { return nil, errors.New("no room") }); err == nil ||
		!strings.Contains(err.Error(), "no room") {
		t.Errorf("a program's own error: %v", err)
	}
}

// TestCloneAndShape checks that a clone shares nothing with the stack, and that
// a shape contains no values.
func TestCloneAndShape(t *testing.T) {
	t.Parallel()
	s := &Stack{Resources: map[string]Resource{"box a": {Type: "box", Name: "a", After: []string{"box b"},
		Inputs: map[string]any{"size": 1.0, "lid": map[string]any{"color": "red"}}}}, Settings: map[string]string{"x": "1"}}
	c := s.Clone(t)
	if diff := cmp.Diff(s, c); diff != "" {
		t.Errorf("-stack +clone:\n%s", diff)
	}
	Set("box", "a", "size", 2.0)(c)
	c.Settings["x"] = "2"
	if s.Of("box")["a"].Inputs["size"] != 1.0 || c.Of("box")["a"].Inputs["size"] != 2.0 || s.Settings["x"] != "1" {
		t.Errorf("the stack has %v, its clone %v", s, c)
	}
	want := map[string][]string{"box a": {"lid", "lid.color", "size", "box b"}}
	if diff := cmp.Diff(want, c.Shape()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestProve checks that prove reports an offence, and a rule that never fails.
func TestProve(t *testing.T) {
	t.Parallel()
	s := &Stack{Resources: map[string]Resource{"box a": {Type: "box", Name: "a", Inputs: map[string]any{"size": 1.0}}}}
	check := func(s *Stack) (offences []string) {
		if size := s.Of("box")["a"].Inputs["size"]; size != 1.0 {
			offences = append(offences, fmt.Sprintf("size %v", size))
		}
		return offences
	}
	never := func(*Stack) []string { return nil }
	large := Set("box", "a", "size", 2.0)
	broken := s.Clone(t)
	large(broken)
	for name, test := range map[string]struct {
		stack *Stack
		check func(*Stack) []string
		spoil func(*Stack)
		want  []string
	}{
		"holds and can fail": {s, check, large, nil},
		"does not hold":      {broken, check, large, []string{"size 2"}},
		"cannot fail":        {s, never, large, []string{"the rule also accepts the recording that breaks it"}},
		"is not spoilt":      {s, check, func(*Stack) {}, []string{"the rule also accepts the recording that breaks it"}},
	} {
		if diff := cmp.Diff(test.want, test.stack.prove(t, test.check, test.spoil)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.golden")
	if err := golden(path, "a\nb\n", "run it", false); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	if err := golden(path, "a\nb\n", "run it", true); err != nil {
		t.Fatal(err)
	}
	if err := golden(path, "a\nb\n", "run it", false); err != nil {
		t.Error(err)
	}
	err := golden(path, "a\nc\n", "run it", false)
	if err == nil || !strings.HasPrefix(err.Error(), path+" differs from what is declared now (-want +got); if that is intended, run it\n") {
		t.Errorf("for another text: %v", err)
	}
	Golden(t, path, "a\nb\n", "run it")
}

// TestGoldens checks that a missing golden file and a superfluous one are
// reported with the command that corrects both.
func TestGoldens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stale := filepath.Join(dir, "gone.golden")
	if err := os.WriteFile(stale, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"new": "a\n"}
	err := goldens(dir, texts, "run it", false)
	for _, want := range []string{stale + " belongs to a stack that no longer exists; to remove it, run it", "new.golden: no such file or directory; to write it, run it"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := goldens(dir, texts, "run it", true); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the golden file of a removed stack: %v", err)
	}
	if err := goldens(dir, texts, "run it", false); err != nil {
		t.Error(err)
	}
	if err := goldens(dir, map[string]string{"new": "b\n"}, "run it", false); err == nil {
		t.Error("another text is accepted")
	}
}

// TestSettings checks that a stack's values override the project's defaults,
// and that defaults are texts.
func TestSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project, stack := filepath.Join(dir, "Pulumi.yaml"), filepath.Join(dir, "Pulumi.test.yaml")
	for path, text := range map[string]string{
		project: "name: shop\nruntime: go\nconfig:\n  shop:size: {type: integer, default: 1}\n  shop:open: {type: boolean, default: true}\n" +
			"  shop:name: {type: string, default: corner}\n  shop:days: {type: array, items: {type: string}, default: [mon]}\n  shop:account: {type: string}\n",
		stack: "config:\n  shop:size: 3\n  aws:region: eu-west-1\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"shop:size": "3", "shop:open": "true", "shop:name": "corner", "shop:days": `["mon"]`, "aws:region": "eu-west-1"}
	if diff := cmp.Diff(want, Settings(t, project, stack)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
