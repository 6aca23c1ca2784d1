package iam

import (
	"cmp"
	"slices"
	"strings"

	"skiff/local/store"
)

// Holding is one right of a role: one action on one resource in an Allow
// statement of its policies. Conditions are left out.
type Holding struct {
	Role     string // name
	Action   string // a pattern; "" for NotAction
	Resource string // a pattern; "" for NotResource

	NotAction, NotResource []string `json:",omitempty"`

	Used bool // an allowed call used it
}

// Covers reports whether the right covers a recorded use.
func (h Holding) Covers(u Use) bool {
	action, resource := matchesAction(words{h.Action}, u.Action), matches(words{h.Resource}, u.Resource)
	if h.NotAction != nil {
		action = !matchesAction(h.NotAction, u.Action)
	}
	if h.NotResource != nil {
		resource = !matches(h.NotResource, u.Resource)
	}
	return h.Role == u.Role && action && resource
}

// Holdings returns the rights of each role by its name, without duplicates and
// sorted by action. uses are the recorded uses. A role without rights is not in
// the map.
func (a *Authority) Holdings(uses []Use) (map[string][]Holding, error) {
	roles, err := store.List[Role](a.db, RoleToken)
	if err != nil {
		return nil, err
	}
	all := map[string][]Holding{}
	for _, r := range roles {
		held, err := a.rightsOf(roleARNOf(r))
		if err != nil {
			return nil, err
		}
		list := []Holding{}
		for _, d := range held.policies {
			for _, s := range d.Statement {
				list = append(list, s.holdings(r.ID)...)
			}
		}
		for i := range list {
			list[i].Used = slices.ContainsFunc(uses, func(u Use) bool { return u.Allowed && list[i].Covers(u) })
		}
		slices.SortFunc(list, func(x, y Holding) int { return cmp.Compare(x.String(), y.String()) })
		all[r.ID] = slices.CompactFunc(list, func(x, y Holding) bool { return x.String() == y.String() })
	}
	return all, nil
}

// Right returns the action and the resource as text.
func (h Holding) Right() (action, resource string) {
	return orAllBut(h.Action, h.NotAction), orAllBut(h.Resource, h.NotResource)
}

// String returns the role, the action and the resource.
func (h Holding) String() string {
	action, resource := h.Right()
	return h.Role + " " + action + " " + resource
}

func orAllBut(pattern string, but []string) string {
	if but == nil {
		return pattern
	}
	return "all but " + strings.Join(but, ", ")
}

// holdings returns each action with each resource of an Allow statement.
func (s statement) holdings(role string) (list []Holding) {
	if s.Effect != "Allow" {
		return nil
	}
	actions, resources := s.Action, s.Resource
	if len(s.NotAction) > 0 {
		actions = words{""}
	}
	if len(s.NotResource) > 0 {
		resources = words{""}
	}
	for _, action := range actions {
		for _, resource := range resources {
			list = append(list, Holding{Role: role, Action: action, Resource: resource, NotAction: s.NotAction, NotResource: s.NotResource})
		}
	}
	return list
}
