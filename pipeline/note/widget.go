package note

import (
	"encoding/json"
	"fmt"
)

// Widget returns the counts that GitLab shows on a merge request, for
// artifacts:reports:terraform of the job. As in Terraform, a replacement counts
// as created and as deleted. Widget fails if a preview failed, because its
// counts would be too low.
// https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsterraform
func Widget(previews []Preview) ([]byte, error) {
	var counts struct {
		Create int `json:"create"`
		Update int `json:"update"`
		Delete int `json:"delete"`
	}
	for _, p := range previews {
		if p.Failed() {
			return nil, fmt.Errorf("the preview of stack %s failed, so it has no counts; see the job's log", p.Stack)
		}
		counts.Create += len(p.of(created)) + len(p.of(imported)) + len(p.of(replaced))
		counts.Update += len(p.of(updated))
		counts.Delete += len(p.of(deleted)) + len(p.of(replaced))
	}
	return json.Marshal(counts)
}
