package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/store"
)

// RemoveOrphans deletes lost creations of the types of this provider, the last
// one first: see Unsaved.End. One that cannot be deleted is kept in mind.
func (p *Provider) RemoveOrphans(ctx context.Context, orphans []store.Change) error {
	var failed []error
	for _, c := range slices.Backward(orphans) {
		if !strings.HasPrefix(c.Token, p.o.Name+":") {
			continue
		}
		k, ok := p.kinds[c.Token]
		if !ok {
			k = inertKind(c.Token) // that an earlier command kept without effect
		}
		call := Call{URN: c.URN, Account: p.o.Account, Region: p.o.Region, Dir: p.dir, Caller: p.caller, Log: func(string) {}}
		if p.caller != "" {
			call.permit = p.o.Permit
		}
		err := k.abandon(ctx, p.o.Store, call, c)
		if err == nil {
			err = store.Forget(p.o.Store, c.Stack, []store.Change{c})
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s (%s), which a command that was killed has created: %w", c.ID, c.URN, err))
		}
	}
	return errors.Join(failed...)
}

// rename gives a resource whose creation is lost the name that was made up for
// it then, so that the create finds it.
func (p *Provider) rename(r *pulumirpc.CheckRequest, property string) {
	if property == "" || r.Olds.GetFields()[property] != nil || r.Autonaming.GetMode() == pulumirpc.CheckRequest_AutonamingOptions_DISABLE {
		return
	}
	if lost, ok := p.o.Unsaved.lostOf(r.Type, r.Urn); ok && lost.Name != "" {
		r.Olds = &structpb.Struct{Fields: map[string]*structpb.Value{property: structpb.NewStringValue(lost.Name)}}
	}
}
