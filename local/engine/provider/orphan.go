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

// RemoveOrphans deletes lost creations of this provider's types, the last one
// first. Unsaved.End returns them. A creation that cannot be deleted stays in
// the notes.
func (p *Provider) RemoveOrphans(ctx context.Context, orphans []store.Change) error {
	var left []store.Change
	for _, c := range slices.Backward(orphans) {
		if strings.HasPrefix(c.Token, p.o.Name+":") {
			left = append(left, c)
		}
	}
	// One round is not enough: the order of the notes is not always the order
	// of creation, because several killed commands may have touched the
	// resources.
	for {
		var failed []error
		var again []store.Change
		for _, c := range left {
			if err := p.removeOrphan(ctx, c); err != nil {
				again = append(again, c)
				failed = append(failed, fmt.Errorf("delete %s (%s), which a killed command created: %w", c.ID, c.URN, err))
			}
		}
		if len(again) == 0 || len(again) == len(left) {
			return errors.Join(failed...)
		}
		left = again
	}
}

func (p *Provider) removeOrphan(ctx context.Context, c store.Change) error {
	k, ok := p.kinds[c.Token]
	if !ok {
		k = inertKind(c.Token) // an earlier command kept this type without effect
	}
	call := Call{URN: c.URN, Account: p.o.Account, Region: p.o.Region, Dir: p.dir, Caller: p.caller, Log: func(string) {}}
	if p.caller != "" {
		call.permit = p.o.Permit
	}
	if err := k.abandon(ctx, p.o.Store, call, c); err != nil {
		return err
	}
	return store.Forget(p.o.Store, c.Stack, []store.Change{c})
}

// rename gives a resource the name of its lost creation, so that the create
// finds it.
func (p *Provider) rename(r *pulumirpc.CheckRequest, property string) {
	if property == "" || r.Olds.GetFields()[property] != nil || r.Autonaming.GetMode() == pulumirpc.CheckRequest_AutonamingOptions_DISABLE {
		return
	}
	if lost, ok := p.o.Unsaved.lostOf(r.Type, r.Urn); ok && lost.Name != "" {
		r.Olds = &structpb.Struct{Fields: map[string]*structpb.Value{property: structpb.NewStringValue(lost.Name)}}
	}
}
