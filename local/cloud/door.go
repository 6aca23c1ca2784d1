package cloud

import (
	"net/http"
	"slices"
	"strings"

	"skiff/local/aws/dynamodb"
	"skiff/local/aws/endpoint"
	"skiff/local/aws/sts"
)

// A service is an AWS service that functions and people can call.
type service struct {
	name     string // as people see it
	scope    string // that calls are signed for, such as sqs
	target   string // prefix of X-Amz-Target, if another service has the same scope
	variable string // suffix of AWS_ENDPOINT_URL_…
	handler  http.Handler
}

// called returns the services of the cloud. For their scopes see
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html,
// for the variables
// https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html.
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

// later is the handler of a service that opens after the door: the service
// depends on functions, whose environment has the address of the door.
type later func() http.Handler

func (l later) ServeHTTP(w http.ResponseWriter, r *http.Request) { l().ServeHTTP(w, r) }

// door is the one endpoint of all services. SDKs send every request there and
// sign it for a service, so the cloud needs no complete list of services. door
// refuses a service that the cloud does not have, by name, and forwards
// nothing.
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

// openDoor starts the endpoint of the services. It sets the environment that
// functions reach it by, and Operator for people.
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

// stayHere returns settings that keep SDKs at AWS_ENDPOINT_URL and away from
// real credentials. The code of a function may run where a home folder has a
// configuration file that says otherwise:
// https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html.
func stayHere() map[string]string {
	return map[string]string{
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
		"AWS_CONFIG_FILE":                     "/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE":         "/dev/null",
		"AWS_EC2_METADATA_DISABLED":           "true",
		"AWS_ACCOUNT_ID_ENDPOINT_MODE":        "disabled",
		// A client with a custom endpoint refuses FIPS and dual-stack.
		"AWS_USE_FIPS_ENDPOINT":      "false",
		"AWS_USE_DUALSTACK_ENDPOINT": "false",
		// Multi-region access points ignore the custom endpoint.
		"AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS": "true",
		// Without it, a call such as StartSyncExecution goes to sync-127.0.0.1.
		"AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
	}
}

// isQueueCall reports whether a request at the gateway calls SQS. Some SDKs
// send the call to the root of the host in the queue's URL.
func isQueueCall(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, queuePath+"/") ||
		r.URL.Path == "/" && strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
}
