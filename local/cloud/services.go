package cloud

import (
	"context"
	"net/http"
	"os"
	"path/filepath"

	"skiff/local/aws/acm"
	"skiff/local/aws/apigateway"
	"skiff/local/aws/apigateway/websocket"
	"skiff/local/aws/dynamodb"
	"skiff/local/aws/eventbridge"
	"skiff/local/aws/iam"
	"skiff/local/aws/issuer"
	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
	"skiff/local/aws/route53"
	"skiff/local/aws/s3"
	"skiff/local/aws/scheduler"
	"skiff/local/aws/secretsmanager"
	"skiff/local/aws/sns"
	"skiff/local/aws/sqs"
	"skiff/local/aws/ssm"
	"skiff/local/store"
)

// services are the services that several parts of the cloud use.
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

// openStore opens the records and the log of used rights.
func (c *Cloud) openStore() (err error) {
	if c.store, err = store.Open(c.o.Dir, 0); err != nil {
		return err
	}
	c.closes(func(context.Context) error { return c.store.Close() })
	file := filepath.Join(c.o.Dir, UsesFile)
	if c.uses, err = os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	c.closes(func(context.Context) error { return c.uses.Close() })
	uses, err := iam.ReadUses(file)
	if err != nil {
		return err
	}
	c.authority = iam.NewAuthority(c.store, c.recordUse)
	c.authority.Watch(c.recorder.Call)
	c.authority.Recorded(uses)
	c.closes(func(context.Context) error { return c.terminal.flush() })
	c.groups = logs.New(c.store, filepath.Join(c.o.Dir, "logs"))
	c.closes(func(context.Context) error { return c.groups.Close() })
	c.topics = sns.New(c.store)
	c.secrets = secretsmanager.New(c.store, c.authority)
	c.parameters = ssm.New(ssm.Options{Store: c.store, Authority: c.authority, Account: Account})
	c.issuer, err = issuer.Open(c.o.Dir)
	return err
}

func (c *Cloud) openObjects() (err error) {
	c.buckets, err = s3.Open(s3.Options{Store: c.store, Authority: c.authority, Dir: filepath.Join(c.o.Dir, "objects")})
	if err == nil {
		c.closes(func(context.Context) error { return c.buckets.Close() })
	}
	return err
}

func (c *Cloud) openMessages() (err error) {
	c.queues, err = sqs.New(c.store, c.authority, func() string { return c.o.URL + queuePath }, filepath.Join(c.o.Dir, "messages.db"))
	if err == nil {
		c.closes(func(context.Context) error { return c.queues.Close() })
	}
	return err
}

func (c *Cloud) openItems() error {
	c.items = &items{dir: filepath.Join(c.o.Dir, "dynamodb"), cache: c.o.Cache, other: c.o.Engine, progress: c.o.Stderr}
	c.tables = dynamodb.New(c.store, c.items.URL)
	c.items.restore = c.tables.Restore
	c.closes(func(context.Context) error { return c.items.Close() })
	return nil
}

func (c *Cloud) openFunctions() (err error) {
	if c.runtime, err = lambda.NewRuntime(lambda.Options{Observe: c.recorder.Invocation}); err != nil {
		return err
	}
	c.closes(c.runtime.Close)
	c.functions = lambda.NewFunctions(c.store, c.runtime, c.authority, filepath.Join(c.o.Dir, "code"), c.endpoints, c.recordLines)
	return c.functions.Tidy()
}

// openDomains starts the DNS server for the zones and opens the certificates.
func (c *Cloud) openDomains() (err error) {
	c.zones = route53.New(c.store)
	addr, stop, err := c.zones.Listen()
	if err != nil {
		return err
	}
	c.DNS = addr
	c.servers = append(c.servers, stop)
	c.certificates, err = acm.New(acm.Options{
		Store: c.store, Dir: c.o.Dir, Zones: c.zones,
		InUse: func(certificate string) bool { return c.apis.UsesCertificate(certificate) },
	})
	return err
}

func (c *Cloud) openAPIs() error {
	c.apis = apigateway.NewAPIs(c.store, c.o.URL, c.o.Root, c.certificates)
	c.sockets = websocket.New(websocket.Options{
		Find: c.apis.FindSocket, Invoke: c.invoke, Authority: c.authority,
		Log: func(requestID string, err error) { c.show("gateway: request %s: %v\n", requestID, err) },
	})
	c.closes(c.sockets.Shutdown)
	return nil
}

// openEvents opens what invokes functions by itself. Event sources start at
// once; schedules and asynchronous calls start in RunSchedules.
func (c *Cloud) openEvents() error {
	c.sources = lambda.NewEventSources(c.functions, c.queues, c.tables.Streams(c.authority), func(err error) { c.show("event source: %v\n", err) })
	c.closes(c.sources.Close)
	c.events = lambda.NewEvents(c.functions, func(err error) { c.show("lambda: %v\n", err) }, nil, nil)
	c.closes(c.events.Close)
	c.schedules = scheduler.New(scheduler.Options{
		Store: c.store, Authority: c.authority, Functions: c.events, Queues: c.queues,
		Report: func(err error) { c.show("scheduler: %v\n", err) }, Now: c.o.Now,
	})
	c.closes(func(context.Context) error { c.schedules.Close(); return nil })
	c.rules = eventbridge.New(eventbridge.Options{
		Store: c.store, Authority: c.authority, Functions: c.events, Queues: c.queues,
		Report: func(err error) { c.show("eventbridge: %v\n", err) }, Now: c.o.Now,
	})
	c.closes(func(context.Context) error { c.rules.Close(); return nil })
	return c.sources.Start()
}

// topicsHandler returns the endpoint of SNS.
func (c *Cloud) topicsHandler() http.Handler {
	return c.topics.Handler(sns.Options{
		Authority: c.authority, Functions: c.events, Queues: c.queues,
		Report: func(err error) { c.show("sns: %v\n", err) },
	})
}
