package cloud

import (
	"net/http"
	"slices"
	"strings"

	"skiff/local/aws/dynamodb"
	"skiff/local/aws/endpoint"
	"skiff/local/aws/sts"
)

// A service is one that functions and people call.
type service struct {
	name     string // for people
	scope    string // that calls are signed for, such as sqs
	target   string // the prefix of X-Amz-Target that tells it from another one of that scope, if any
	variable string // the end of AWS_ENDPOINT_URL_…
	handler  http.Handler
}

// called are the services that the cloud has. The scopes are in
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html,
// the variables in https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html.
func (c *Cloud) called() []service {
	return []service{
		{"DynamoDB Streams", "dynamodb", "DynamoDBStreams_20120810", "DYNAMODB_STREAMS", c.tables.StreamsHandler(c.authority)},
		{"DynamoDB", "dynamodb", "", "DYNAMODB", dynamodb.NewFront(c.tables, c.authority)},
		{"EventBridge (PutEvents)", "events", "", "EVENTBRIDGE", later(func() http.Handler { return c.rules.Handler() })},
		{"Lambda (Invoke)", "lambda", "", "LAMBDA", later(func() http.Handler { return c.events.Handler() })},
		{"S3", "s3", "", "S3", c.buckets.Handler()},
		{"Secrets Manager", "secretsmanager", "", "SECRETS_MANAGER", c.secrets.Handler()},
		{"SNS (Publish)", "sns", "", "SNS", later(c.topicsHandler)},
		{"SQS", "sqs", "", "SQS", c.queues.Handler()},
		{"Systems Manager (parameters)", "ssm", "", "SSM", c.parameters.Handler()},
		{"STS", "sts", "", "STS", sts.New(sts.Options{Authority: c.authority, Verify: c.issuer.Verify, Account: Account})},
	}
}

// later is the endpoint of a service that opens after the others: what it works
// with needs their address first.
type later func() http.Handler

func (l later) ServeHTTP(w http.ResponseWriter, r *http.Request) { l().ServeHTTP(w, r) }

// door is the one address of all services. Each SDK sends there what it would
// send to AWS, and signs it for the service that it means, so that no list of
// addresses has to be complete: what the cloud does not have is refused here by
// its name, and reaches nothing else.
type door []service

func (d door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scope := endpoint.Scope(r)
	for _, s := range d {
		if s.scope == scope && strings.HasPrefix(r.Header.Get("X-Amz-Target"), s.target) {
			s.handler.ServeHTTP(w, r)
			return
		}
	}
	var names []string
	for _, s := range d {
		names = append(names, s.name)
	}
	slices.Sort(names)
	endpoint.Refuse(w, r, scope, names)
}

// openDoor lets the services be called: as the environment of a function says,
// and for people with keys of their own.
func (c *Cloud) openDoor() error {
	c.closes(c.stopServers)
	services := door(c.called())
	addr, err := c.serveHTTP(services)
	if err != nil {
		return err
	}
	c.endpoints = stayHere()
	c.endpoints["AWS_ENDPOINT_URL"] = "http://" + addr
	for _, s := range services {
		c.endpoints["AWS_ENDPOINT_URL_"+s.variable] = "http://" + addr
	}
	for name, value := range c.endpoints {
		c.Operator = append(c.Operator, name+"="+value)
	}
	slices.Sort(c.Operator)
	keys := c.authority.IssueAdministrator()
	c.Operator = append(c.Operator, "AWS_ACCESS_KEY_ID="+keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+keys.SecretAccessKey, "AWS_SESSION_TOKEN="+keys.SessionToken)
	return nil
}

// stayHere are the settings of SDKs that would lead past AWS_ENDPOINT_URL, or to
// credentials of another cloud, each as it does not. A file in a home folder may
// have any of them, and the code of a function may run where there is one:
// https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html.
func stayHere() map[string]string {
	return map[string]string{
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
		"AWS_CONFIG_FILE":                     "/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE":         "/dev/null",
		"AWS_EC2_METADATA_DISABLED":           "true",
		"AWS_ACCOUNT_ID_ENDPOINT_MODE":        "disabled",
		// With an endpoint of its own a client refuses either of them.
		"AWS_USE_FIPS_ENDPOINT":      "false",
		"AWS_USE_DUALSTACK_ENDPOINT": "false",
		// The one address of S3 that an endpoint does not replace.
		"AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS": "true",
		// Else a call such as StartSyncExecution goes to sync-127.0.0.1.
		"AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
	}
}

// isQueueCall reports whether a request at the gateway is a call of SQS: some
// SDKs send one to the root of the host that the queue's URL names.
func isQueueCall(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, queuePath+"/") ||
		r.URL.Path == "/" && strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
}
