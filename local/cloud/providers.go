package cloud

import (
	"path"
	"strings"

	"skiff/local/aws/cloudwatch"
	"skiff/local/aws/iam"
	"skiff/local/aws/kms"
	"skiff/local/aws/route53"
	"skiff/local/aws/ssm"
	"skiff/local/engine/command"
	"skiff/local/engine/provider"
)

// Versions of the real providers whose types these are.
const (
	awsVersion     = "6.83.2"
	commandVersion = "1.2.1"
)

// openProviders makes every resource type known.
func (c *Cloud) openProviders() {
	c.aws = provider.New(provider.Options{
		Name: "aws", Version: awsVersion, Store: c.store, Account: Account, Region: Region,
		Config: []string{"region", "profile", "assumeRole", "assumeRoles", "allowedAccountIds", "defaultTags", "maxRetries", "retryMode", "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId"},
		Permit: c.authority.Permit, Assume: c.authority.Assume,
	})
	c.addTypes(c.aws)
	c.addInvokes(c.aws)
	c.commands = provider.New(provider.Options{
		Name: "command", Version: commandVersion, Store: c.store, Account: Account,
	})
	c.commands.Add(command.Resources(c.o.Env))
}

// addTypes adds the resource types, service by service.
func (c *Cloud) addTypes(aws *provider.Provider) {
	roles, rolePolicies := c.authority.Resources()
	policies, attachments := c.authority.ManagedPolicies()
	aws.Add(roles, rolePolicies, policies, attachments, c.authority.OIDCProviders())
	functions, permissions := c.functions.Resources()
	aws.Add(functions, permissions, c.sources.Resources())
	apis, integrations, authorizers, routes, deployments, stages, domains, mappings := c.apis.Resources()
	aws.Add(apis, integrations, authorizers, routes, deployments, stages, domains, mappings)
	queues, queuePolicies, redrives, redriveAllows := c.queues.Resources()
	aws.Add(queues, queuePolicies, redrives, redriveAllows)
	zones, records := c.zones.Resources()
	certificates, validations := c.certificates.Resources()
	aws.Add(zones, records, certificates, validations)
	topics, subscriptions := c.topics.Resources()
	alarms, dashboards := cloudwatch.New(c.topics).Resources()
	aws.Add(topics, subscriptions, alarms, dashboards, c.groups.Resources())
	keys, aliases := kms.New(c.store).Resources()
	b := c.buckets
	aws.Add(keys, aliases, b.Resources(), b.CORS(), b.Encryption(), b.Lifecycles(), b.OwnershipControls(),
		b.Policies(), b.PublicAccessBlocks(), b.Versioning())
	buses, rules, targets := c.rules.Resources()
	aws.Add(c.schedules.Resources(), buses, rules, targets)
	aws.Add(c.tables.Resources(), c.secrets.Resources(), c.parameters.Resources())
}

// addInvokes adds the functions of the AWS provider: where a program runs, and
// what is there already.
func (c *Cloud) addInvokes(p *provider.Provider) {
	p.AddInvoke(ssm.GetParameterToken, c.parameters.GetParameter)
	p.AddInvoke(route53.GetZoneToken, c.zones.GetZone)
	p.AddInvoke(iam.GetOIDCProviderToken, c.authority.GetOIDCProvider)
	p.AddInvoke("aws:index/getCallerIdentity:getCallerIdentity", callerIdentity)
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

// callerIdentity tells whose credentials a program has. A person of this machine
// belongs to every account.
func callerIdentity(c provider.Call, _ map[string]any) (map[string]any, error) {
	if c.Caller != "" {
		account := strings.Split(c.Caller, ":")[4]
		return map[string]any{"accountId": account, "arn": c.Caller, "id": account, "userId": "AROALOCALLOCALLOCAL:" + path.Base(c.Caller)}, nil
	}
	return map[string]any{"accountId": c.Account, "arn": "arn:aws:iam::" + c.Account + ":user/local", "id": c.Account, "userId": "AIDALOCALLOCALLOCAL"}, nil
}
