package cloud

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"skiff/local/engine/command"
)

// TestPrograms checks that two checkouts share a cloud, each with its own
// folder and its own role.
func TestPrograms(t *testing.T) {
	t.Parallel()
	c := openCloud(t)
	deployer := "arn:aws:sts::222222222222:assumed-role/project-staging-deploy/job"
	for _, p := range []Program{{Dir: t.TempDir()}, {Dir: t.TempDir(), Caller: deployer}} {
		providers, err := Join(t.Context(), c.Control, p)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Join(t.Context(), c.Control, p); err != nil || again != providers {
			t.Errorf("joined again: %v, %v; was %v", again, err, providers)
		}
		e := engine{t, connect(t, providers.Command)}
		if _, out := e.up(command.Token, p.Dir, map[string]any{"create": "pwd -P"}); out["stdout"] != p.Dir {
			t.Errorf("a command of the program in %s runs in %v", p.Dir, out["stdout"])
		}
		who, err := connect(t, providers.AWS).Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "aws:index/getCallerIdentity:getCallerIdentity"})
		want := map[string]any{"accountId": Account, "arn": "arn:aws:iam::" + Account + ":user/local"}
		if p.Caller != "" {
			want = map[string]any{"accountId": "222222222222", "arn": deployer}
		}
		for name, value := range want {
			if err != nil || who.Return.AsMap()[name] != value {
				t.Errorf("%s of %q: %v, %v", name, p.Caller, who, err)
			}
		}
	}
}

func connect(t testing.TB, addr string) pulumirpc.ResourceProviderClient {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return pulumirpc.NewResourceProviderClient(conn)
}
