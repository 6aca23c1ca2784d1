package note

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skiff/infra/recording"
)

func TestMain(m *testing.M) { recording.Main(m) }

// options are the options of the goldens.
var options = Options{
	Commit:      "0123456789abcdef0123456789abcdef01234567",
	Pipeline:    4711,
	PipelineURL: "https://gitlab.example.com/group/project/-/pipelines/4711",
}

// deployed is the sha256 of the deployed zip of get-item in testdata/code.json.
// A changed comment does not change this zip.
const deployed = "de2cd3a47b23d1e5533e56d460b0f33eff1acc7517eff0052161776ec08be9a7"

func read(t *testing.T, stack, file string) Preview {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read(stack, data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each golden is a note as GitLab gets it, for one kind of change.
func TestGolden(t *testing.T) {
	t.Parallel()
	built := map[string]map[string]string{"staging": {"get-item": deployed, "health": strings.Repeat("0", 64)}}
	for _, test := range []struct {
		golden string
		files  []string // of testdata, for staging, production and review-1
		zips   map[string]map[string]string
		limit  int
	}{
		{"create", []string{"create"}, nil, 0},
		{"update", []string{"update"}, nil, 0},
		{"code", []string{"code"}, nil, 0},
		{"bytes", []string{"code"}, built, 0},
		{"replace", []string{"replace"}, nil, 0},
		{"replace", []string{"replace-steps"}, nil, 0},
		{"delete", []string{"delete"}, nil, 0},
		{"secret", []string{"secret"}, nil, 0},
		{"failed", []string{"failed"}, nil, 0},
		{"failed-check", []string{"failed-check"}, nil, 0},
		{"nothing", []string{"nothing"}, nil, 0},
		{"hostile", []string{"hostile"}, nil, 0},
		{"stacks", []string{"update", "delete"}, nil, 0},
		{"stacks-failed", []string{"failed", "replace"}, nil, 0},
		{"cut", []string{"update", "delete", "replace"}, nil, minLimit},
	} {
		t.Run(test.golden+" of "+strings.Join(test.files, " "), func(t *testing.T) {
			t.Parallel()
			o := options
			o.Zips, o.Limit = test.zips, test.limit
			var previews []Preview
			for i, file := range test.files {
				previews = append(previews, read(t, []string{"staging", "production", "review-1"}[i], file))
			}
			recording.Golden(t, filepath.Join("testdata", test.golden+".md"), Render(o, previews), "run go test ./pipeline/note -update")
		})
	}
}
