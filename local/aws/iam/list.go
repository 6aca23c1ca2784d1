package iam

import "skiff/local/store"

// Description is what a person sees of a role.
type Description struct {
	Name, ARN, URN string
	Holdings       []Holding
}

// List describes the roles, by name, with what recorded uses say of their rights.
func (a *Authority) List(uses []Use) ([]Description, error) {
	records, err := store.List[Role](a.db, RoleToken)
	if err != nil {
		return nil, err
	}
	held, err := a.Holdings(uses)
	if err != nil {
		return nil, err
	}
	all := make([]Description, 0, len(records))
	for _, r := range records {
		all = append(all, Description{r.ID, roleARNOf(r), r.URN, held[r.ID]})
	}
	return all, nil
}
