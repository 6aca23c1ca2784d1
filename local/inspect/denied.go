package inspect

import "skiff/local/aws/iam"

// Denied returns the calls that were denied to each role, by role name.
func (i *Inspector) Denied() (map[string][]iam.Use, error) {
	uses, err := iam.ReadUses(i.o.UsesFile)
	denied := map[string][]iam.Use{}
	for _, u := range uses {
		if !u.Allowed {
			denied[u.Role] = append(denied[u.Role], u)
		}
	}
	return denied, err
}
