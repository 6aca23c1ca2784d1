package dynamodb

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func TestTTL(t *testing.T) {
	t.Parallel()
	name := nameOf(t)
	f := newFixture(t, "")
	f.declare(t, with(name, func(in *Table) { in.TTL = &TTL{AttributeName: "first", Enabled: true} }))
	ttl := func() string {
		t.Helper()
		client, err := f.tables.client(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &name})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(d.TimeToLiveDescription.AttributeName)
	}
	if got := ttl(); got != "first" {
		t.Errorf("created with the attribute %q", got)
	}
	for _, step := range []struct {
		ttl       *TTL
		want, err string
	}{
		{&TTL{AttributeName: "second", Enabled: true}, "first", "already enabled with a different attribute"},
		{&TTL{AttributeName: "first"}, "", ""},
		{&TTL{AttributeName: "second", Enabled: true}, "second", ""},
		{nil, "", ""},
	} {
		err := f.update(t.Context(), t, with(name, func(in *Table) { in.TTL = step.ttl }))
		if (err == nil) != (step.err == "") || err != nil && !strings.Contains(err.Error(), step.err) {
			t.Errorf("%+v: %v, want %q", step.ttl, err, step.err)
		}
		if got := ttl(); got != step.want {
			t.Errorf("%+v: the attribute is %q, want %q", step.ttl, got, step.want)
		}
	}
}
