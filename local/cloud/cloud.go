// Package cloud puts the services together: one local cloud, kept in one
// folder, with providers for the engine, a gateway for clients and an endpoint
// for functions.
package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"

	"skiff/local/apigateway"
	"skiff/local/cloudwatch"
	"skiff/local/command"
	"skiff/local/dynamodb"
	"skiff/local/iam"
	"skiff/local/lambda"
	"skiff/local/logs"
	"skiff/local/provider"
	"skiff/local/sns"
	"skiff/local/store"
)

// Account is the account id of the local cloud, for a program that allows no
// other. No account at AWS has it.
const Account = "000000000000"

// Region is where resources stand for a program that configures none.
const Region = "us-east-1"

// Versions of the real providers whose types these are.
const (
	awsVersion     = "6.83.2"
	commandVersion = "1.2.1"
)

// grace is how long requests that run may take once the cloud closes.
const grace = 35 * time.Second

// Options say where a cloud is kept and whom it serves.
type Options struct {
	Dir     string          // of everything it keeps
	Program string          // the program's directory
	URL     string          // of the gateway, such as http://127.0.0.1:8080
	Root    apigateway.Root // whose API answers there without a prefix
	Env     []string        // for the commands of a stack
	Cache   string          // for what all projects of a user share
	Stderr  io.Writer       // progress
	Lines   io.Writer       // the functions' log lines too, as they come; may be nil
}

// Cloud is an open cloud.
type Cloud struct {
	// AWS and Command are the addresses of the providers, host and port.
	AWS, Command string

	o         Options
	store     *store.Store
	items     *items
	runtime   *lambda.Runtime
	functions *lambda.Functions
	apis      *apigateway.APIs
	groups    *logs.Groups
	uses      *os.File
	mu        sync.Mutex // of uses and Lines
	servers   []func()
}

// Open opens the cloud in o.Dir. While another process has it open, the error
// is store.ErrInUse.
func Open(o Options) (_ *Cloud, err error) {
	db, err := store.Open(o.Dir, 0)
	if err != nil {
		return nil, err
	}
	c := &Cloud{o: o, store: db, groups: logs.New(db, filepath.Join(o.Dir, "logs"))}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	c.uses, err = os.OpenFile(filepath.Join(o.Dir, "calls.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	authority := iam.NewAuthority(db, c.recordUse)
	c.items = &items{dir: filepath.Join(o.Dir, "dynamodb"), cache: o.Cache, progress: o.Stderr}
	tables := dynamodb.New(db, c.items.URL)
	endpoint, err := c.serveHTTP(dynamodb.NewFront(tables, authority))
	if err != nil {
		return nil, err
	}
	c.runtime, err = lambda.NewRuntime(lambda.Options{})
	if err != nil {
		return nil, err
	}
	c.functions = lambda.NewFunctions(db, c.runtime, authority, filepath.Join(o.Dir, "code"),
		map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://" + endpoint}, c.recordLine)
	if err := c.functions.Tidy(); err != nil {
		return nil, err
	}
	c.apis = apigateway.NewAPIs(db, o.URL, o.Root)
	return c, c.serveProviders(authority, tables)
}

// serveProviders makes every resource type known, and listens.
func (c *Cloud) serveProviders(authority *iam.Authority, tables *dynamodb.Tables) (err error) {
	aws := provider.New(provider.Options{
		Name: "aws", Version: awsVersion, Store: c.store, Dir: c.o.Program, Account: Account, Region: Region,
		Config: []string{"region", "profile", "assumeRole", "assumeRoles", "allowedAccountIds", "defaultTags", "maxRetries", "retryMode", "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId"},
	})
	roles, rolePolicies := authority.Resources()
	functions, permissions := c.functions.Resources()
	apis, integrations, routes, deployments, stages := c.apis.Resources()
	topics := sns.New(c.store)
	topicKind, subscriptions := topics.Resources()
	alarms, dashboards := cloudwatch.New(topics).Resources()
	aws.Add(tables.Resources(), c.groups.Resources(), topicKind, subscriptions, alarms, dashboards, roles, rolePolicies, functions, permissions,
		apis, integrations, routes, deployments, stages)
	addInvokes(aws)
	commands := provider.New(provider.Options{
		Name: "command", Version: commandVersion, Store: c.store, Dir: c.o.Program, Account: Account,
	})
	commands.Add(command.Resources(c.o.Env))
	if c.AWS, err = c.serveGRPC(aws.Server()); err != nil {
		return err
	}
	c.Command, err = c.serveGRPC(commands.Server())
	return err
}

// addInvokes adds the functions of the AWS provider that tell where a program
// runs.
func addInvokes(p *provider.Provider) {
	p.AddInvoke("aws:index/getCallerIdentity:getCallerIdentity", func(c provider.Call, _ map[string]any) (map[string]any, error) {
		return map[string]any{"accountId": c.Account, "arn": "arn:aws:iam::" + c.Account + ":user/local", "id": c.Account, "userId": "AIDALOCALLOCALLOCAL"}, nil
	})
	p.AddInvoke("aws:index/getRegion:getRegion", func(c provider.Call, args map[string]any) (map[string]any, error) {
		region := c.Region
		if name, ok := args["name"].(string); ok {
			region = name
		}
		return map[string]any{"name": region, "id": region, "description": region, "endpoint": "ec2." + region + ".amazonaws.com"}, nil
	})
	p.AddInvoke("aws:index/getPartition:getPartition", func(provider.Call, map[string]any) (map[string]any, error) {
		return map[string]any{"partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws", "id": "aws"}, nil
	})
}

// Gateway is what clients of the APIs talk to.
func (c *Cloud) Gateway() *http.Server {
	return apigateway.New(apigateway.Options{
		Find: c.apis.Find,
		Invoke: func(ctx context.Context, function, source string, payload []byte) (lambda.Result, error) {
			return c.functions.Invoke(ctx, function, "apigateway.amazonaws.com", source, payload)
		},
		AccessLog: func(group, stream string, line []byte) {
			if err := c.groups.Write(group, stream, line); err != nil {
				c.show("gateway: access log: %v\n", err)
			}
		},
		Log: func(requestID string, err error) { c.show("gateway: request %s: %v\n", requestID, err) },
	}).Server()
}

// RouteKeys are the routes of the API that answers at the gateway's own
// address, stage by stage: the path of the stage, and a route key.
func (c *Cloud) RouteKeys() ([][2]string, error) {
	stages, err := c.apis.Root()
	if err != nil {
		return nil, err
	}
	var keys [][2]string
	for _, s := range stages {
		path := ""
		if s.Name != "$default" {
			path = "/" + s.Name
		}
		for _, r := range s.Routes {
			keys = append(keys, [2]string{path, r.Key})
		}
	}
	return keys, nil
}

// Warm starts what takes time before the first request asks for it.
func (c *Cloud) Warm(ctx context.Context) error {
	_, err := c.items.URL(ctx)
	return err
}

func (c *Cloud) serveHTTP(h http.Handler) (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go s.Serve(l)
	c.servers = append(c.servers, func() { s.Close() })
	return l.Addr().String(), nil
}

func (c *Cloud) serveGRPC(s *grpc.Server) (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go s.Serve(l)
	c.servers = append(c.servers, s.Stop)
	return l.Addr().String(), nil
}

// recordUse keeps every distinct call that a function has made and what the
// policies said to it.
func (c *Cloud) recordUse(u iam.Use) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if data, err := json.Marshal(u); err == nil {
		c.uses.Write(append(data, '\n'))
	}
}

func (c *Cloud) recordLine(group, stream, function string, line []byte) {
	if err := c.groups.Write(group, stream, line); err != nil {
		return
	}
	c.show("%s: %s\n", function, line)
}

// show is for the person who watches the cloud serve.
func (c *Cloud) show(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.o.Lines != nil {
		fmt.Fprintf(c.o.Lines, format, args...)
	}
}

// Close ends every process of the cloud, after the requests that run, and
// lets go of its folder.
func (c *Cloud) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var err error
	if c.runtime != nil {
		err = c.runtime.Close(ctx)
	}
	for _, stop := range c.servers {
		stop()
	}
	if c.items != nil {
		err = errors.Join(err, c.items.Close())
	}
	if c.uses != nil {
		err = errors.Join(err, c.uses.Close())
	}
	return errors.Join(err, c.store.Close())
}
