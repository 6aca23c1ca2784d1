package inspect

import (
	"skiff/local/aws/iam"
)

// Role is an IAM role with its rights and their recorded uses.
type Role struct {
	Ref
	Functions []string // names of the functions that have the role
	Holdings  []iam.Holding
}

// Roles returns all roles, sorted by name.
func (i *Inspector) Roles() ([]Role, error) {
	uses, err := iam.ReadUses(i.o.UsesFile)
	if err != nil {
		return nil, err
	}
	all, err := i.o.Authority.List(uses)
	if err != nil {
		return nil, err
	}
	functions, err := i.o.Functions.List()
	if err != nil {
		return nil, err
	}
	roles := make([]Role, 0, len(all))
	for _, d := range all {
		r := Role{Ref: newRef(d.Name, d.ARN, d.URN), Holdings: d.Holdings}
		for _, f := range functions {
			if f.Role == d.ARN {
				r.Functions = append(r.Functions, f.Name)
			}
		}
		roles = append(roles, r)
	}
	return roles, nil
}

// RolesOf returns the roles with the given names, or all roles if there are
// none. A name is a role's, or the name of a function that has the role.
func (i *Inspector) RolesOf(names []string) ([]Role, error) {
	all, err := i.Roles()
	if err != nil || len(names) == 0 {
		return all, err
	}
	functions, err := i.Functions()
	if err != nil {
		return nil, err
	}
	var roles []Role
	for _, name := range names {
		r, err := pick("role", name, i.o.Stack, all)
		if f, noFunction := pick("function", name, i.o.Stack, functions); err != nil && noFunction == nil {
			r, err = pick("role", f.Role, i.o.Stack, all)
		}
		if err != nil {
			return nil, err
		}
		roles = append(roles, r)
	}
	return roles, nil
}
