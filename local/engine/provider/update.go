package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"skiff/local/store"
)

func (k *kind) update(ctx context.Context, db *store.Store, c Call, id string, inputs map[string]any) (map[string]any, error) {
	in, problem := k.decode(inputs)
	if problem != nil {
		return nil, problem
	}
	defer k.exclusively()()
	old, err := k.get(db, k.key(c, id, in))
	if errors.Is(err, store.ErrNotFound) {
		return nil, k.failure(fmt.Errorf("%q is %w in the local cloud: `pulumi refresh --stack %s` brings the state up to date", id, err, StackOf(c.URN)))
	}
	if err != nil {
		return nil, k.failure(err)
	}
	if in, err = k.kept(inputs, in, old.Inputs); err != nil {
		return nil, k.failure(err)
	}
	r := old
	r.Inputs, r.URN, r.Tags, r.State = in, c.URN, k.tags(c, inputs), maps.Clone(old.State)
	if err := k.permitted(Operation[any]{Call: c, Verb: Update, Record: r, Old: old}); err != nil {
		return nil, err
	}
	if k.Update != nil {
		if err := k.Update(ctx, c, old, &r); err != nil {
			return nil, k.failure(err)
		}
	}
	key := k.key(c, id, in)
	if err := store.Put(db, k.Token, key, r, c.change(store.Updated, k.Token, key, id)); err != nil {
		return nil, err
	}
	if k.Updated != nil {
		k.Updated(r)
	}
	return k.outputs(r)
}

func (k *kind) delete(ctx context.Context, db *store.Store, c Call, id string, inputs map[string]any) error {
	key, err := k.keyOf(c, id, inputs)
	if err != nil {
		return err
	}
	r, err := k.get(db, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return k.remove(ctx, db, c, key, r)
}

func (k *kind) remove(ctx context.Context, db *store.Store, c Call, key string, r record) error {
	if err := k.permitted(Operation[any]{Call: c, Verb: Delete, Record: r}); err != nil {
		return err
	}
	if k.Delete != nil {
		if err := k.Delete(ctx, c, r); err != nil {
			return k.failure(err)
		}
	}
	return store.Delete(db, k.Token, key, c.change(store.Deleted, k.Token, key, r.ID))
}

func (k *kind) read(db *store.Store, c Call, id string, properties, inputs map[string]any) (in, outputs map[string]any, err error) {
	key, err := k.keyOf(c, id, properties)
	if err != nil {
		return nil, nil, err
	}
	r, err := k.get(db, key)
	if err != nil {
		return nil, nil, err
	}
	if err := k.permitted(Operation[any]{Call: c, Verb: Read, Record: r}); err != nil {
		return nil, nil, err
	}
	if in, err = k.drifted(inputs, r.Inputs); err != nil {
		return nil, nil, err
	}
	outputs, err = k.outputs(r)
	return in, outputs, err
}
