package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// eventLimit is the time that the last events may take. Messages of a killed
// worker return after the queue's visibility timeout, and its claim of an event
// lasts as long as a worker may run.
const eventLimit = 5 * time.Minute

// checkItems lists all items. It checks that each item of the workers is there
// once, in its last version, and that there are no others.
func (s *soak) checkItems(workers []*soakWorker) {
	found := map[string][]item{}
	for query := "?status=active&limit=100"; query != ""; {
		a := s.client.request(s.t, http.MethodGet, "/items"+query, "")
		page := decode[struct {
			Items      []item
			NextCursor string
		}](s.t, a)
		for _, i := range page.Items {
			found[i.Name] = append(found[i.Name], i)
		}
		if query = ""; page.NextCursor != "" {
			query = "?status=active&limit=100&cursor=" + url.QueryEscape(page.NextCursor)
		}
	}
	for _, w := range workers {
		for _, i := range w.live {
			if got := found[i.name]; len(got) != 1 || got[0].ID != i.id || got[0].Version != i.version {
				s.t.Errorf("of the item %+v there are %+v", *i, got)
			}
			delete(found, i.name)
			s.count("item there at the end")
		}
	}
	for name, others := range found {
		s.t.Errorf("%s is there and was deleted, or never acknowledged: %+v", name, others)
	}
}

// checkEvents checks that the event of each item's last acknowledged change was
// delivered. The queue's worker records that in a row.
func (s *soak) checkEvents(workers []*soakWorker) {
	deadline := time.Now().Add(eventLimit)
	client, table := s.operator()
	for _, w := range workers {
		for _, i := range w.all {
			if !i.answered {
				s.count("last change without an answer, and so perhaps without an event")
				continue
			}
			passed, row := s.passedOn(client, table, i)
			for ; !passed && time.Now().Before(deadline); passed, row = s.passedOn(client, table, i) {
				<-time.After(every)
			}
			if !passed {
				s.t.Errorf("the event of %+v was not passed on: %v", *i, row)
			}
			s.count("last event passed on")
		}
	}
}

func (s *soak) passedOn(client *dynamodb.Client, table string, i *soakItem) (passed bool, row map[string]types.AttributeValue) {
	out, err := client.GetItem(context.Background(), &dynamodb.GetItemInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{"kind": &types.AttributeValueMemberS{Value: "event"}, "id": &types.AttributeValueMemberS{Value: i.id}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	version, _ := out.Item["version"].(*types.AttributeValueMemberN)
	_, done := out.Item["done"]
	if version == nil {
		return false, out.Item
	}
	n, err := strconv.Atoi(version.Value)
	return err == nil && n >= i.version && done, out.Item
}

// operator returns a DynamoDB client with a person's rights, and the name of
// the table of connections and events.
func (s *soak) operator() (client *dynamodb.Client, table string) {
	flags := []string{"-C", "..", "-state", s.state}
	env := map[string]string{}
	for line := range strings.Lines(mustLocal(s.t, append(flags, "exec", "env")...)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		env[name] = value
	}
	var state struct {
		Deployment struct {
			Resources []struct {
				URN     string
				Outputs struct{ Name string }
			}
		}
	}
	if err := json.Unmarshal([]byte(mustLocal(s.t, append(flags, "pulumi", "stack", "export")...)), &state); err != nil {
		s.t.Fatal(err)
	}
	for _, r := range state.Deployment.Resources {
		if strings.HasSuffix(r.URN, "aws:dynamodb/table:Table::connections") {
			table = r.Outputs.Name
		}
	}
	return dynamodb.New(dynamodb.Options{
		Region: env["AWS_REGION"], BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL_DYNAMODB"]),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"], SessionToken: env["AWS_SESSION_TOKEN"]}, nil
		}),
	}), table
}
