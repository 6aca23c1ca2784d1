package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/build"
	"skiff/infra/settings"
	"skiff/lambdas"
)

// config holds the settings of a stack. Pulumi.yaml describes each setting and
// holds its default.
type config struct {
	project             string // the namespace of the keys
	Region              string
	Account             string            // 12 digits
	Profile             string            // "": the environment's credentials
	Role                string            // ARN; "": assume no role
	PermissionsBoundary string            // ARN of a managed policy; "": the functions' roles have none
	Tags                map[string]string // in addition to Project, Stack and ManagedBy
	Target              build.Target
	Memory              int // MB
	Timeout             int // seconds
	Concurrency         int // -1: no reservation
	LogLevel            string
	LogDays             int
	Stage               string
	AutoDeploy          bool
	AttachTo            string   // PROJECT/STACK of the host stack, whose API gets the routes; "": the stack has its own API
	CORSOrigins         []string // none: CORS is off
	Issuer              string   // URL; "": the stack's own key signs tokens
	Audiences           []string // of the issuer's tokens
	AuthorizationCache  int      // seconds
	SecretRecoveryDays  int      // 0: no recovery of a deleted secret
	QueueVisibility     int      // seconds
	QueueDays           int
	QueueReceives       int
	WorkerConcurrency   int
	Domain              string // "": the API has only its default endpoint
	AdditionalDomains   []string
	SocketDomain        string // "": the WebSocket API has only its default endpoint
	BasePath            string // without a slash at either end
	Zone                string
	CreateZone          bool
	ParentZone          string // "": the owner of the parent zone delegates the zone
	Delegated           bool
	CheckDelegation     bool
	DeletionProtection  bool
	PointInTimeRecovery bool
	Protect             bool
	Throttle            throttle
	RouteThrottles      map[string]throttle // by route key
	Tracing             bool
	DetailedMetrics     bool
	Alarms              bool
	AlarmEmail          string // "": no mail
	AlarmErrorPercent   int
	AlarmLatency        int // ms
	AlarmQueueAge       int // seconds
	Dashboard           bool
}

// throttle is a token bucket: it gains Rate requests a second and holds at most
// Burst.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
type throttle struct {
	Rate  int `json:"rate"`
	Burst int `json:"burst"`
}

// The default quota of an account for all its APIs in a region.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const (
	maxRate  = 10_000
	maxBurst = 5_000
)

// readConfig reads the stack's settings. Its error has one line for each wrong
// or unknown setting. Pulumi checks only the types in Pulumi.yaml and accepts
// unknown keys, so a misspelt key would silently leave the default in effect.
func readConfig(ctx *pulumi.Context, set string) (config, error) {
	r := reader{&settings.Reader{Project: ctx.Project(), Stack: ctx.Stack(), Lookup: ctx.GetConfig, Unset: "has no default in Pulumi.yaml"}}
	cfg := config{
		project: ctx.Project(),
		Region:  r.region(),
		// Without quotes YAML reads a number and drops leading zeros.
		Account:             r.Match("account", `[0-9]{12}`, "the 12 digits of an AWS account, in quotes"),
		Profile:             r.Optional("profile", `[A-Za-z0-9_.@/-]{1,64}`, "the name of a profile, 1 to 64 of A-Z a-z 0-9 _ . @ / -"),
		Role:                r.role("role"),
		PermissionsBoundary: r.Optional("permissionsBoundary", `arn:aws:iam::\d{12}:policy/[A-Za-z0-9+=,.@_/-]{1,512}`, "the ARN of a managed policy, such as arn:aws:iam::111111111111:policy/bootstrap/NAME"),
		Tags:                r.tags("tags"),
		Target:              r.target("target"),
		Memory:              r.Number("memory", 128, 10240),
		Timeout:             r.Number("timeout", 4, 29),
		Concurrency:         r.Number("concurrency", -1, 10000),
	}
	r.apis(&cfg)
	r.stores(&cfg)
	r.domainNames(&cfg)
	r.operations(&cfg)
	if cfg.Zone == "" {
		cfg.Zone = cfg.Domain
	}
	keys := r.Keys(set)
	r.refuseAWS(keys)
	r.RefuseOthers(keys)
	r.sameAccount(cfg)
	return cfg, r.Err()
}

// apis reads the settings of the APIs and of their callers.
func (r reader) apis(cfg *config) {
	cfg.Stage = r.stage("stage")
	cfg.AutoDeploy = r.Flag("autoDeploy")
	cfg.AttachTo = r.Optional("attachTo", `[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}`, "PROJECT/STACK, such as "+r.Project+"/staging")
	cfg.CORSOrigins = r.List("corsOrigins", `\*|https?://[A-Za-z0-9.-]+(:\d{1,5})?`, "an origin, such as https://www.example.com, or *")
	cfg.Issuer = r.Optional("issuer", `https://[^\s?#]+`, "the https URL of an issuer, equal to the claim iss of its tokens")
	cfg.Audiences = r.List("audiences", `[^\s,]{1,256}`, "an audience, equal to the claim aud of a token, without spaces or commas")
	cfg.AuthorizationCache = r.Number("authorizationCache", 0, 3600)
	cfg.Throttle = throttle{r.Number("throttleRate", 1, maxRate), r.Number("throttleBurst", 1, maxBurst)}
	cfg.RouteThrottles = r.throttles("routeThrottles")
	cfg.DetailedMetrics = r.Flag("detailedMetrics")
}

// stores reads the settings of tables, secrets and queues.
func (r reader) stores(cfg *config) {
	cfg.SecretRecoveryDays = r.recovery("secretRecoveryDays")
	cfg.QueueVisibility = r.Number("queueVisibility", 1, 43_200)
	cfg.QueueDays = r.Number("queueDays", 1, 14)
	cfg.QueueReceives = r.Number("queueReceives", 3, 1000)
	cfg.WorkerConcurrency = r.Number("workerConcurrency", 2, 1000)
	cfg.DeletionProtection = r.Flag("deletionProtection")
	cfg.PointInTimeRecovery = r.Flag("pointInTimeRecovery")
	cfg.Protect = r.Flag("protect")
}

// domainNames reads the settings of the domains and the zone.
func (r reader) domainNames(cfg *config) {
	cfg.Domain = r.domain("domain")
	cfg.AdditionalDomains = r.domains("additionalDomains")
	cfg.SocketDomain = r.domain("socketDomain")
	cfg.BasePath = r.Optional("basePath", `[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*`, "a path without a slash at its ends, such as v1")
	cfg.Zone = r.domain("zone")
	cfg.CreateZone = r.Flag("createZone")
	cfg.ParentZone = r.domain("parentZone")
	cfg.Delegated = r.Flag("delegated")
	cfg.CheckDelegation = r.Flag("checkDelegation")
}

// operations reads the settings of logs, traces and alarms.
func (r reader) operations(cfg *config) {
	cfg.LogLevel = r.OneOf("logLevel", "debug", "info", "warn", "error")
	cfg.LogDays = r.logDays("logDays")
	cfg.Tracing = r.Flag("tracing")
	cfg.Alarms = r.Flag("alarms")
	cfg.AlarmEmail = r.Optional("alarmEmail", `[^@\s<>"]+@[^@\s<>"]+\.[^@\s<>"]+`, "one email address")
	cfg.AlarmErrorPercent = r.Number("alarmErrorPercent", 0, 99)
	cfg.AlarmLatency = r.Number("alarmLatency", 1, 30_000)
	cfg.AlarmQueueAge = r.Number("alarmQueueAge", 1, 1_209_600)
	cfg.Dashboard = r.Flag("dashboard")
}

// key returns the whole key of a setting: PROJECT:NAME.
func (c config) key(name string) string { return c.project + ":" + name }

// checkFits refuses settings that do not fit the declaration or each other.
func (c config) checkFits(functions []lambdas.Function) error {
	var errs []error
	if least := visibilities * c.Timeout; c.QueueVisibility < least {
		errs = append(errs, fmt.Errorf("%s is %d s and must be at least %d s, %d times %s: "+
			"SQS would return a message while Lambda still retries it", c.key("queueVisibility"), c.QueueVisibility, least, visibilities, c.key("timeout")))
	}
	if (c.Issuer == "") != (len(c.Audiences) == 0) {
		errs = append(errs, fmt.Errorf("set both %s and %s, or neither: without audiences the API would accept tokens that the issuer signed for other services", c.key("issuer"), c.key("audiences")))
	}
	return errors.Join(append(errs, c.checkThrottles(functions), c.checkDomains(), c.checkAttached())...)
}

func (c config) checkThrottles(functions []lambdas.Function) error {
	var routes []string
	for _, f := range functions {
		routes = append(routes, f.HTTPRoutes()...)
	}
	slices.Sort(routes)
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(c.RouteThrottles)) {
		if !slices.Contains(routes, key) {
			errs = append(errs, fmt.Errorf("%s names %q, which is not a route; the routes are %s", c.key("routeThrottles"), key, strings.Join(routes, ", ")))
		}
	}
	return errors.Join(errs...)
}
