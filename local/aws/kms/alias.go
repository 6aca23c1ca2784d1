package kms

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Alias holds the inputs of an alias: another name of a key. The name is
// required, because the engine does not generate one.
type Alias struct {
	Name        string `json:"name" aws:"required,replace"`
	TargetKeyID string `json:"targetKeyId" aws:"required"`
}

// AliasOutputs holds the outputs that AWS adds to an alias.
type AliasOutputs struct {
	ARN          string `json:"arn"`
	TargetKeyARN string `json:"targetKeyArn"`
}

func aliases(k *Keys) *provider.Resource[Alias, AliasOutputs] {
	return &provider.Resource[Alias, AliasOutputs]{
		// The program always sets the name, so the old alias is deleted first.
		Token: AliasToken, Regional: true, DeletedFirst: true,
		Check:  checkAlias,
		ID:     func(_ provider.Call, in Alias) string { return in.Name },
		Create: k.createAlias,
		Update: func(_ context.Context, _ provider.Call, _ store.Record[Alias], r *store.Record[Alias]) error {
			_, err := k.target(*r)
			return err
		},
		Actions: aliasActions,
		Describe: func(r store.Record[Alias]) AliasOutputs {
			return AliasOutputs{
				ARN:          arn.New("kms", r.Region, r.Account, r.ID),
				TargetKeyARN: arn.New("kms", r.Region, r.Account, "key/"+keyID(r.Inputs.TargetKeyID)),
			}
		},
	}
}

var aliasForm = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)

// checkAlias reports what
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
// rejects.
func checkAlias(in Alias) []provider.Problem {
	reason := ""
	switch {
	case in.Name == "":
	case len(in.Name) > 256:
		reason = fmt.Sprintf("has %d characters; at most 256", len(in.Name))
	case !aliasForm.MatchString(in.Name):
		reason = fmt.Sprintf("%q must be alias/ and letters, digits, /, _ and -", in.Name)
	case strings.HasPrefix(in.Name, "alias/aws/"):
		reason = fmt.Sprintf("%q begins with alias/aws/, which AWS reserves", in.Name)
	}
	if reason == "" {
		return nil
	}
	return []provider.Problem{{Property: "name", Reason: reason}}
}

// createAlias also refuses a name that an earlier stack has left for another
// key.
func (k *Keys) createAlias(_ context.Context, _ provider.Call, r *store.Record[Alias]) error {
	target, err := k.target(*r)
	if err != nil {
		return err
	}
	all, err := store.List[Alias](k.db, AliasToken)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID == r.ID && other.Account == r.Account && other.Region == r.Region && keyID(other.Inputs.TargetKeyID) != target.ID {
			return awserr.New("AlreadyExistsException", "An alias with the name %s already exists, of key %s: import it, or give this alias another name",
				arn.New("kms", r.Region, r.Account, r.ID), keyID(other.Inputs.TargetKeyID))
		}
	}
	return nil
}

// target returns the key of an alias. Both must be in the same account and
// region.
func (k *Keys) target(r store.Record[Alias]) (store.Record[Key], error) {
	key, err := store.Get[Key](k.db, KeyToken, keyID(r.Inputs.TargetKeyID))
	if err == nil && (key.Account != r.Account || key.Region != r.Region) {
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		return key, awserr.New("NotFoundException", "Key '%s' does not exist", arn.New("kms", r.Region, r.Account, "key/"+keyID(r.Inputs.TargetKeyID)))
	}
	return key, err
}

// keyID returns the id from a key's id or ARN.
func keyID(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }
