package inspect

import (
	"encoding/json"
	"slices"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/dynamodb"
	"skiff/local/aws/lambda"
	"skiff/local/aws/s3"
	"skiff/local/aws/scheduler"
	"skiff/local/aws/secretsmanager"
	"skiff/local/aws/sns"
	"skiff/local/aws/sqs"
	"skiff/local/aws/ssm"
	"skiff/local/store"
)

// Picture returns the current stack.
func (i *Inspector) Picture() (Picture, error) {
	var p Picture
	steps := []func(*Picture) error{i.drawRoutes, i.drawFunctions, i.drawResources, i.linkRoutes, i.linkSources, i.linkRights}
	for _, draw := range steps {
		if err := draw(&p); err != nil {
			return p, err
		}
	}
	return p, nil
}

// logical returns the name in a record's URN, or otherwise if it has no URN.
func logical(urn, otherwise string) string {
	if i := strings.LastIndex(urn, "::"); i >= 0 {
		return urn[i+2:]
	}
	return otherwise
}

func (i *Inspector) drawRoutes(p *Picture) error {
	stages, err := i.o.APIs.Stages()
	if err != nil {
		return err
	}
	for _, of := range stages {
		for _, s := range of {
			for _, r := range s.Routes {
				p.add(Node{"route " + r.Key, "route", r.Key})
			}
		}
	}
	slices.SortFunc(p.Nodes, func(a, b Node) int { return strings.Compare(pathOf(a.Name), pathOf(b.Name)) })
	sockets, err := i.o.APIs.SocketStages()
	if err != nil {
		return err
	}
	for _, s := range sockets {
		var keys []string
		for key := range s.Routes {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			p.add(Node{"socket " + key, "socket", key})
		}
	}
	schedules, err := store.List[scheduler.Schedule](i.o.Store, scheduler.Token)
	for _, r := range schedules {
		p.add(Node{"schedule " + r.Inputs.Name, "schedule", logical(r.URN, r.Inputs.Name)})
	}
	return err
}

// pathOf returns a sort key that orders routes by path, then by method.
func pathOf(key string) string {
	method, path, _ := strings.Cut(key, " ")
	return path + " " + method
}

func (i *Inspector) drawFunctions(p *Picture) error {
	all, err := store.List[lambda.Function](i.o.Store, lambda.FunctionToken)
	for _, r := range all {
		p.add(Node{functionARN(r), "function", logical(r.URN, r.ID)})
	}
	return err
}

func functionARN(r store.Record[lambda.Function]) string {
	return arn.New("lambda", r.Region, r.Account, "function:"+r.ID)
}

func (i *Inspector) drawResources(p *Picture) error {
	tables, err := store.List[dynamodb.Table](i.o.Store, dynamodb.Token)
	if err != nil {
		return err
	}
	for _, r := range tables {
		p.add(Node{arn.New("dynamodb", r.Region, r.Account, "table/"+r.ID), "table", logical(r.URN, r.ID)})
	}
	queues, err := store.List[sqs.Queue](i.o.Store, sqs.Token)
	if err != nil {
		return err
	}
	for _, r := range queues {
		p.add(Node{arn.New("sqs", r.Region, r.Account, r.Inputs.Name), "queue", logical(r.URN, r.Inputs.Name)})
	}
	buckets, err := store.List[s3.Bucket](i.o.Store, s3.BucketToken)
	if err != nil {
		return err
	}
	for _, r := range buckets {
		p.add(Node{"arn:aws:s3:::" + r.ID, "bucket", logical(r.URN, r.ID)})
	}
	topics, err := store.List[sns.Topic](i.o.Store, sns.TopicToken)
	if err != nil {
		return err
	}
	for _, r := range topics {
		p.add(Node{r.ID, "topic", logical(r.URN, r.ID)})
	}
	return i.drawValues(p)
}

// drawValues adds secrets and parameters.
func (i *Inspector) drawValues(p *Picture) error {
	secrets, err := store.List[secretsmanager.Secret](i.o.Store, secretsmanager.Token)
	if err != nil {
		return err
	}
	for _, r := range secrets {
		p.add(Node{r.ID, "secret", logical(r.URN, r.ID)})
	}
	parameters, err := store.List[ssm.Parameter](i.o.Store, ssm.Token)
	for _, r := range parameters {
		p.add(Node{arn.New("ssm", r.Region, r.Account, "parameter/"+strings.TrimPrefix(r.ID, "/")), "parameter", logical(r.URN, r.ID)})
	}
	return err
}

func (i *Inspector) linkRoutes(p *Picture) error {
	stages, err := i.o.APIs.Stages()
	if err != nil {
		return err
	}
	for _, of := range stages {
		for _, s := range of {
			for _, r := range s.Routes {
				if r.Integration != nil {
					p.link("route "+r.Key, r.Integration.FunctionARN, "calls")
				}
				if r.Authorizer != nil && r.Authorizer.Function != nil {
					p.link("route "+r.Key, r.Authorizer.Function.ARN, "asks")
				}
			}
		}
	}
	sockets, err := i.o.APIs.SocketStages()
	for _, s := range sockets {
		for key, r := range s.Routes {
			p.link("socket "+key, r.FunctionARN, "calls")
			if r.Authorizer != nil {
				p.link("socket "+key, r.Authorizer.FunctionARN, "asks")
			}
		}
	}
	return err
}

// linkSources links event sources and schedules to their functions, and queues
// to their dead-letter queues.
func (i *Inspector) linkSources(p *Picture) error {
	sources, err := store.List[lambda.EventSourceMapping](i.o.Store, lambda.EventSourceMappingToken)
	if err != nil {
		return err
	}
	for _, r := range sources {
		from, _ := p.owner(r.Inputs.EventSourceARN)
		p.link(from, i.arnOf(p, r.Inputs.FunctionName), "calls")
	}
	schedules, err := store.List[scheduler.Schedule](i.o.Store, scheduler.Token)
	for _, r := range schedules {
		if r.Inputs.Target != nil {
			p.link("schedule "+r.Inputs.Name, r.Inputs.Target.ARN, "calls")
		}
	}
	queues, failed := store.List[sqs.Queue](i.o.Store, sqs.Token)
	for _, r := range queues {
		var redrive struct{ DeadLetterTargetArn string }
		if json.Unmarshal([]byte(r.Inputs.RedrivePolicy), &redrive) == nil {
			p.link(arn.New("sqs", r.Region, r.Account, r.Inputs.Name), redrive.DeadLetterTargetArn, "dead")
		}
	}
	if err == nil {
		err = failed
	}
	return err
}

// arnOf returns the node of a function, given its name or its ARN.
func (i *Inspector) arnOf(p *Picture, function string) string {
	for _, n := range p.Nodes {
		if n.Kind == "function" && (n.ID == function || strings.HasSuffix(n.ID, ":"+function)) {
			return n.ID
		}
	}
	return ""
}

// linkRights links functions to the resources that their roles allow.
func (i *Inspector) linkRights(p *Picture) error {
	held, err := i.o.Authority.Holdings(nil)
	if err != nil {
		return err
	}
	functions, err := store.List[lambda.Function](i.o.Store, lambda.FunctionToken)
	for _, r := range functions {
		role := r.Inputs.Role[strings.LastIndexByte(r.Inputs.Role, '/')+1:]
		for _, h := range held[role] {
			for _, id := range p.covered(h.Resource) {
				if to := p.node(id); to.Kind != "function" && !to.Caller() && !receives(h.Action) {
					p.link(functionARN(r), id, "may", h.Action)
				}
			}
		}
	}
	return err
}

// receives reports whether an event source mapping needs the action. The
// picture shows such a right as an edge from the source to the function
// instead.
func receives(action string) bool {
	switch action {
	case "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility",
		"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams":
		return true
	}
	return false
}

func (p *Picture) node(id string) Node {
	for _, n := range p.Nodes {
		if n.ID == id {
			return n
		}
	}
	return Node{}
}
