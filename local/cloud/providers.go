package cloud

import (
	"path"
	"slices"
	"strings"

	"skiff/local/aws/cloudwatch"
	"skiff/local/aws/iam"
	"skiff/local/aws/kms"
	"skiff/local/aws/route53"
	"skiff/local/aws/sns"
	"skiff/local/aws/ssm"
	"skiff/local/engine/command"
	"skiff/local/engine/provider"
)

// Versions of the real providers whose types these are.
const (
	awsVersion     = "6.83.2"
	commandVersion = "1.2.1"
)

// openProviders makes every resource type known to those who ask for providers.
func (c *Cloud) openProviders() (err error) {
	c.unsaved = provider.NewUnsaved(c.store)
	c.aws = provider.New(provider.Options{
		Name: "aws", Version: awsVersion, Store: c.store, Account: Account, Region: Region,
		Config: []string{"region", "profile", "assumeRole", "assumeRoles", "allowedAccountIds", "defaultTags", "maxRetries", "retryMode", "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId"},
		Permit: c.authority.Permit, Assume: c.authority.Assume, Unsaved: c.unsaved,
	})
	c.aws.Add(c.types()...)
	c.addInvokes(c.aws)
	c.commands = provider.New(provider.Options{
		Name: "command", Version: commandVersion, Store: c.store, Account: Account, Unsaved: c.unsaved,
	})
	c.commands.Add(command.Resources(c.o.Env))
	c.Control, err = c.serveHTTP(c.control())
	return err
}

// types are the resource types of the AWS provider, service by service.
func (c *Cloud) types() []provider.Kind {
	topics := sns.New(c.store)
	return slices.Concat(
		c.authority.Types(),
		c.functions.Types(),
		c.sources.Types(),
		c.apis.Types(),
		c.queues.Types(),
		c.zones.Types(),
		c.certificates.Types(),
		topics.Types(),
		cloudwatch.New(topics).Types(),
		c.groups.Types(),
		kms.New(c.store).Types(),
		c.buckets.Types(),
		c.schedules.Types(),
		c.rules.Types(),
		c.tables.Types(),
		c.secrets.Types(),
		c.parameters.Types(),
	)
}

// Types describes the resource types that the cloud holds, provider by provider.
func (c *Cloud) Types() []provider.Type { return slices.Concat(c.aws.Types(), c.commands.Types()) }

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
