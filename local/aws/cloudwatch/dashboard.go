package cloudwatch

import (
	"encoding/json"
	"fmt"
	"regexp"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Dashboard holds the inputs of a dashboard.
type Dashboard struct {
	Name string `json:"dashboardName" aws:"required,replace"`
	Body string `json:"dashboardBody" aws:"required,idle"`
}

// DashboardOutputs holds the outputs that AWS adds to a dashboard.
type DashboardOutputs struct {
	ARN string `json:"dashboardArn"`
}

func dashboards() *provider.Resource[Dashboard, DashboardOutputs] {
	return &provider.Resource[Dashboard, DashboardOutputs]{
		Token:   DashboardToken,
		Check:   checkDashboard,
		ID:      func(_ provider.Call, in Dashboard) string { return in.Name },
		Actions: dashboardActions,
		Describe: func(r store.Record[Dashboard]) DashboardOutputs {
			return DashboardOutputs{ARN: dashboardARN(r)}
		},
	}
}

func dashboardARN(r store.Record[Dashboard]) string {
	return arn.New("cloudwatch", "", r.Account, "dashboard/"+r.ID)
}

// See
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html.
const (
	maxWidgets = 500
	columns    = 24
	maxHeight  = 1000
)

var dashboardForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// widget is a part of a dashboard. Its properties depend on its type and are
// not checked, except a text widget's.
type widget struct {
	Type                string
	X, Y, Width, Height *int
	Properties          map[string]any
}

// checkDashboard reports what
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
// rejects.
func checkDashboard(in Dashboard) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && !dashboardForm.MatchString(in.Name) {
		problems.Add("dashboardName", "%q must be 1 to 255 letters, digits, - and _", in.Name)
	}
	if in.Body != "" {
		checkBody(&problems, in.Body)
	}
	return problems
}

func checkBody(problems *provider.Problems, text string) {
	var body struct{ Widgets *[]widget }
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		problems.Add("dashboardBody", "is not the JSON of a dashboard: %v", err)
		return
	}
	if body.Widgets == nil {
		problems.Add("dashboardBody", `has no list "widgets"`)
		return
	}
	problems.AtMost("dashboardBody", len(*body.Widgets), maxWidgets, "widgets")
	for i, w := range *body.Widgets {
		if reason := w.problem(); reason != "" {
			problems.Add("dashboardBody", "widget %d %s", i, reason)
		}
	}
}

// problem describes what is wrong with a widget, or returns "".
func (w widget) problem() string {
	within := func(v *int, least, most int) bool { return v == nil || *v >= least && *v <= most }
	switch w.Type {
	case "metric", "log", "alarm", "explorer", "custom":
	case "text":
		if text, ok := w.Properties["markdown"].(string); !ok || text == "" {
			return "is of type text and lacks properties.markdown"
		}
	case "":
		return "has no type"
	default:
		return fmt.Sprintf("has the type %q, which is none of metric, text, log, alarm, explorer, custom", w.Type)
	}
	switch {
	case w.Properties == nil:
		return "has no properties"
	case !within(w.X, 0, columns-1) || !within(w.Width, 1, columns) || w.X != nil && w.Width != nil && *w.X+*w.Width > columns:
		return fmt.Sprintf("does not fit into the %d columns", columns)
	case w.Y != nil && *w.Y < 0:
		return "has a y below 0"
	case !within(w.Height, 1, maxHeight):
		return fmt.Sprintf("has a height that is not within 1 to %d", maxHeight)
	}
	return ""
}
