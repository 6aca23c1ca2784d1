package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"skiff/local/aws/iam"
	"skiff/local/inspect"
)

// schedule is a schedule as a page shows it.
type schedule struct {
	named
	Expression, Next, Targets string
}

func (c *Console) schedules(*http.Request) (view, error) {
	all, err := c.o.Cloud.Schedules()
	var schedules []schedule
	for _, s := range all {
		shown := schedule{named: nameOf("schedules", s.Ref), Expression: strings.TrimSpace(s.Expression + " " + s.Timezone), Next: "never"}
		var targets []string
		for _, target := range s.Targets {
			targets = append(targets, target[strings.LastIndexByte(target, ':')+1:])
		}
		shown.Targets = strings.Join(targets, ", ")
		switch {
		case s.Disabled:
			shown.Next = "disabled"
		case !s.Next.IsZero():
			shown.Next = clock(s.Next)
		}
		schedules = append(schedules, shown)
	}
	return view{"Schedules", "schedules", map[string]any{"Schedules": schedules, "Token": c.token}}, err
}

// runSchedule runs a schedule and shows the function's answer.
func (c *Console) runSchedule(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	result, err := c.o.Cloud.RunSchedule(r.Context(), name)
	if err != nil {
		c.answer(w, r, view{}, err)
		return
	}
	if _, kept := c.o.Cloud.Request(result.RequestID); kept {
		http.Redirect(w, r, Path+"requests/"+url.PathEscape(result.RequestID), http.StatusSeeOther)
		return
	}
	// The result of a rule with several targets has no invocation id.
	data := map[string]any{"Name": name, "ID": "", "Result": "succeeded", "Tone": "good", "Answer": newMask().body("Answer", []byte(result.Answer), len(result.Answer))}
	if result.Error != "" {
		data["Result"], data["Tone"] = "failed", "bad"
	}
	c.answer(w, r, view{name, "ran", data}, nil)
}

// role is a role as a page shows it.
type role struct {
	Name, Summary string
	Rights        []right
}

type right struct {
	Action, Resource, Tone, Did string
}

func (c *Console) roles(*http.Request) (view, error) {
	all, err := c.o.Cloud.Roles()
	if err != nil {
		return view{}, err
	}
	denied, err := c.o.Cloud.Denied()
	var roles []role
	for _, r := range all {
		roles = append(roles, roleOf(r, denied[r.Name]))
	}
	return view{"Roles", "roles", roles}, err
}

func roleOf(r inspect.Role, denied []iam.Use) role {
	shown := role{Name: r.Name}
	used := 0
	for _, h := range r.Holdings {
		one := right{Tone: "warn", Did: "never used"}
		one.Action, one.Resource = h.Right()
		if h.Used {
			one.Tone, one.Did = "good", "used"
			used++
		}
		shown.Rights = append(shown.Rights, one)
	}
	for _, u := range denied {
		shown.Rights = append(shown.Rights, right{u.Action, u.Resource, "bad", "denied"})
	}
	shown.Summary = fmt.Sprintf("%d rights, %d used", len(r.Holdings), used)
	if len(denied) > 0 {
		shown.Summary += fmt.Sprintf(", %d calls denied", len(denied))
	}
	return shown
}
