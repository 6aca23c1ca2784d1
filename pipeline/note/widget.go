package note

import (
	"encoding/json"
	"fmt"
)

// Widget is the report that GitLab shows at a merge request by itself, for the
// job's artifacts:reports:terraform. A replacement counts as Terraform has it,
// created and deleted. The counts of a preview that failed would be too low, so
// there are none: it is an error.
// https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsterraform
func Widget(previews []Preview) ([]byte, error) {
	var counts struct {
		Create int `json:"create"`
		Update int `json:"update"`
		Delete int `json:"delete"`
	}
	for _, p := range previews {
		if p.Failed() {
			return nil, fmt.Errorf("the preview of stack %s failed, so there is nothing to count; see what it printed", p.Stack)
		}
		counts.Create += len(p.of(created)) + len(p.of(imported)) + len(p.of(replaced))
		counts.Update += len(p.of(updated))
		counts.Delete += len(p.of(deleted)) + len(p.of(replaced))
	}
	return json.Marshal(counts)
}
