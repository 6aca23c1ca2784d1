package recording

import (
	"context"
	"errors"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
)

// beforeCreate calls the resource's hooks for creating. Every resource in a
// recording is new.
func (m *monitor) beforeCreate(urn string, in *pulumirpc.RegisterResourceRequest) error {
	for _, name := range in.GetHooks().GetBeforeCreate() {
		m.mu.Lock()
		hook := m.hooks[name]
		m.mu.Unlock()
		if hook == nil {
			return errors.New("hook " + name + " is not registered")
		}
		request := &pulumirpc.ResourceHookRequest{Urn: urn, Name: in.GetName(), Type: in.GetType(), NewInputs: in.GetObject()}
		if err := call(hook, request); err != nil {
			return err
		}
	}
	return nil
}

// call calls a hook on the program's own server, as the engine does, and
// returns the hook's error.
func call(hook *pulumirpc.Callback, request proto.Message) error {
	conn, err := grpc.NewClient(hook.GetTarget(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	text, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	answer, err := pulumirpc.NewCallbacksClient(conn).Invoke(context.Background(), &pulumirpc.CallbackInvokeRequest{Token: hook.GetToken(), Request: text})
	if err != nil {
		return err
	}
	var response pulumirpc.ResourceHookResponse
	if err := proto.Unmarshal(answer.GetResponse(), &response); err != nil {
		return err
	}
	if text := response.GetError(); text != "" {
		return errors.New(text)
	}
	return nil
}
