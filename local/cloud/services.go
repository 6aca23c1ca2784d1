package cloud

import (
	"net/http"
	"path/filepath"

	"skiff/local/aws/acm"
	"skiff/local/aws/apigateway"
	"skiff/local/aws/apigateway/websocket"
	"skiff/local/aws/dynamodb"
	"skiff/local/aws/eventbridge"
	"skiff/local/aws/iam"
	"skiff/local/aws/issuer"
	"skiff/local/aws/lambda"
	"skiff/local/aws/route53"
	"skiff/local/aws/s3"
	"skiff/local/aws/scheduler"
	"skiff/local/aws/secretsmanager"
	"skiff/local/aws/sns"
	"skiff/local/aws/sqs"
	"skiff/local/aws/ssm"
	"skiff/local/store"
)

// services are those of the cloud that more than one part of it works with.
type services struct {
	authority    *iam.Authority
	tables       *dynamodb.Tables
	functions    *lambda.Functions
	sources      *lambda.EventSources
	events       *lambda.Events
	schedules    *scheduler.Scheduler
	rules        *eventbridge.Rules
	topics       *sns.Topics
	secrets      *secretsmanager.Secrets
	parameters   *ssm.Parameters
	buckets      *s3.Buckets
	queues       *sqs.Queues
	zones        *route53.Zones
	certificates *acm.Certificates
	apis         *apigateway.APIs
	sockets      *websocket.Gateway
	issuer       *issuer.Issuer
}

// openServices makes the services and lets functions and people reach those that
// they call.
func (c *Cloud) openServices() (err error) {
	c.authority = iam.NewAuthority(c.store, c.recordUse)
	uses, err := iam.ReadUses(filepath.Join(c.o.Dir, UsesFile))
	if err != nil {
		return err
	}
	c.authority.Recorded(uses)
	c.tables = dynamodb.New(c.store, c.items.URL)
	c.items.restore = c.tables.Restore
	c.topics = sns.New(c.store)
	c.secrets = secretsmanager.New(c.store, c.authority)
	c.parameters = ssm.New(ssm.Options{Store: c.store, Authority: c.authority, Account: Account})
	c.queues, err = sqs.New(c.store, c.authority, func() string { return c.o.URL + queuePath }, filepath.Join(c.o.Dir, "messages.db"))
	if err != nil {
		return err
	}
	c.buckets, err = s3.Open(s3.Options{Store: c.store, Authority: c.authority, Dir: filepath.Join(c.o.Dir, "objects")})
	if err != nil {
		return err
	}
	if c.issuer, err = issuer.Open(c.o.Dir); err != nil {
		return err
	}
	endpoints, err := c.openDoor()
	if err != nil {
		return err
	}
	c.functions = lambda.NewFunctions(c.store, c.runtime, c.authority, filepath.Join(c.o.Dir, "code"), endpoints, c.recordLines)
	if err := c.functions.Tidy(); err != nil {
		return err
	}
	c.sources = lambda.NewEventSources(c.functions, c.queues, c.tables.Streams(c.authority), func(err error) { c.show("event source: %v\n", err) })
	c.events = lambda.NewEvents(c.functions, func(err error) { c.show("lambda: %v\n", err) }, nil, nil)
	c.schedules = scheduler.New(scheduler.Options{
		Store: c.store, Authority: c.authority, Functions: c.events, Queues: c.queues,
		Report: func(err error) { c.show("scheduler: %v\n", err) },
	})
	c.rules = eventbridge.New(eventbridge.Options{
		Store: c.store, Authority: c.authority, Functions: c.events, Queues: c.queues,
		Report: func(err error) { c.show("eventbridge: %v\n", err) },
	})
	if err := c.openDomains(); err != nil {
		return err
	}
	c.apis = apigateway.NewAPIs(c.store, c.o.URL, c.o.Root, c.certificates)
	c.sockets = websocket.New(websocket.Options{
		Find: c.apis.FindSocket, Invoke: c.invoke, Authority: c.authority,
		Log: func(requestID string, err error) { c.show("gateway: request %s: %v\n", requestID, err) },
	})
	return nil
}

// openDomains makes the zones known to whoever asks, and the certificates.
func (c *Cloud) openDomains() (err error) {
	c.zones = route53.New(c.store)
	addr, stop, err := c.zones.Listen()
	if err != nil {
		return err
	}
	c.DNS = addr
	c.servers = append(c.servers, stop)
	c.certificates, err = acm.New(acm.Options{Store: c.store, Dir: c.o.Dir, Zones: c.zones, InUse: c.serves})
	return err
}

// serves tells whether a domain name has the certificate.
func (c *Cloud) serves(certificate string) bool {
	all, err := store.List[apigateway.DomainInputs](c.store, apigateway.DomainToken)
	if err != nil {
		return true // rather keep it than pull it from under a domain
	}
	for _, d := range all {
		if d.Inputs.Configuration.CertificateARN == certificate {
			return true
		}
	}
	return false
}

// serveLambda answers once the functions are open, which need the address of the
// services first.
func (c *Cloud) serveLambda(w http.ResponseWriter, r *http.Request) {
	c.events.Handler().ServeHTTP(w, r)
}

// serveTopics is serveLambda of SNS.
func (c *Cloud) serveTopics(w http.ResponseWriter, r *http.Request) {
	c.topics.Handler(sns.Options{
		Authority: c.authority, Functions: c.events, Queues: c.queues,
		Report: func(err error) { c.show("sns: %v\n", err) },
	}).ServeHTTP(w, r)
}

// serveEvents is serveLambda of EventBridge.
func (c *Cloud) serveEvents(w http.ResponseWriter, r *http.Request) {
	c.rules.Handler().ServeHTTP(w, r)
}
