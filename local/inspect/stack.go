package inspect

import (
	"cmp"
	"slices"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/lambda"
	"skiff/local/aws/s3"
	"skiff/local/aws/secretsmanager"
	"skiff/local/aws/sns"
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

// label returns the name in the Pulumi program, or in AWS for what no program
// declares.
func (r Ref) label() string { return cmp.Or(r.Logical, r.Name) }

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
	schedules, err := i.o.Schedules.List()
	for _, d := range schedules {
		p.add(Node{"schedule " + d.Name, "schedule", newRef(d.Name, d.ARN, d.URN).label()})
	}
	if err != nil {
		return err
	}
	rules, err := i.o.Rules.List()
	for _, d := range rules {
		p.add(Node{d.ARN, "rule", newRef(d.Name, d.ARN, d.URN).label()})
	}
	return err
}

// pathOf returns a sort key that orders routes by path, then by method.
func pathOf(key string) string {
	method, path, _ := strings.Cut(key, " ")
	return path + " " + method
}

func (i *Inspector) drawFunctions(p *Picture) error {
	all, err := i.o.Functions.List()
	for _, d := range all {
		p.add(Node{d.ARN, "function", newRef(d.Name, d.ARN, d.URN).label()})
	}
	return err
}

func (i *Inspector) drawResources(p *Picture) error {
	tables, err := i.o.Tables.List()
	if err != nil {
		return err
	}
	for _, d := range tables {
		p.add(Node{d.ARN, "table", newRef(d.Name, d.ARN, d.URN).label()})
	}
	queues, err := i.o.Queues.List()
	if err != nil {
		return err
	}
	for _, d := range queues {
		p.add(Node{d.ARN, "queue", newRef(d.Name, d.ARN, d.URN).label()})
	}
	buckets, err := store.List[s3.Bucket](i.o.Store, s3.BucketToken)
	if err != nil {
		return err
	}
	for _, r := range buckets {
		p.add(Node{"arn:aws:s3:::" + r.ID, "bucket", newRef(r.ID, "", r.URN).label()})
	}
	topics, err := store.List[sns.Topic](i.o.Store, sns.TopicToken)
	if err != nil {
		return err
	}
	for _, r := range topics {
		p.add(Node{r.ID, "topic", newRef(r.ID, "", r.URN).label()})
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
		p.add(Node{r.ID, "secret", newRef(r.ID, "", r.URN).label()})
	}
	parameters, err := store.List[ssm.Parameter](i.o.Store, ssm.Token)
	for _, r := range parameters {
		p.add(Node{arn.New("ssm", r.Region, r.Account, "parameter/"+strings.TrimPrefix(r.ID, "/")), "parameter", newRef(r.ID, "", r.URN).label()})
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

// linkSources links event sources, schedules, rules and topics to their targets,
// and queues to their dead-letter queues.
func (i *Inspector) linkSources(p *Picture) error {
	sources, err := store.List[lambda.EventSourceMapping](i.o.Store, lambda.EventSourceMappingToken)
	if err != nil {
		return err
	}
	for _, r := range sources {
		from, _ := p.owner(r.Inputs.EventSourceARN)
		p.link(from, i.arnOf(p, r.Inputs.FunctionName), "calls")
	}
	schedules, err := i.o.Schedules.List()
	if err != nil {
		return err
	}
	for _, d := range schedules {
		p.link("schedule "+d.Name, d.Target, "calls")
	}
	rules, err := i.o.Rules.List()
	if err != nil {
		return err
	}
	for _, d := range rules {
		for _, target := range d.Targets {
			p.link(d.ARN, target, "calls")
		}
	}
	subscriptions, err := store.List[sns.Subscription](i.o.Store, sns.SubscriptionToken)
	if err != nil {
		return err
	}
	for _, r := range subscriptions {
		p.link(r.Inputs.Topic, r.Inputs.Endpoint, "calls")
	}
	queues, err := i.o.Queues.List()
	for _, d := range queues {
		p.link(d.ARN, d.DeadLetters, "dead")
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
	functions, err := i.o.Functions.List()
	for _, f := range functions {
		role := f.Role[strings.LastIndexByte(f.Role, '/')+1:]
		for _, h := range held[role] {
			for _, id := range p.covered(h.Resource) {
				if to := p.node(id); to.Kind != "function" && !to.Caller() && !receives(h.Action) {
					p.link(f.ARN, id, "may", h.Action)
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
