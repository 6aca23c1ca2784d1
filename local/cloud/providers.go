package cloud

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"skiff/local/aws/arn"
	"skiff/local/aws/cloudwatch"
	"skiff/local/aws/iam"
	"skiff/local/aws/kms"
	"skiff/local/aws/route53"
	"skiff/local/aws/ssm"
	"skiff/local/engine/command"
	"skiff/local/engine/provider"
)

// The versions of the real providers that define these types.
const (
	awsVersion     = "6.83.2"
	commandVersion = "1.2.1"
)

// openProviders registers every resource type.
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
	c.Control.Address, err = c.serveHTTP(c.control())
	return err
}

// types returns the resource types of the AWS provider, by service.
func (c *Cloud) types() []provider.Kind {
	return slices.Concat(
		c.authority.Types(),
		c.functions.Types(),
		c.sources.Types(),
		c.apis.Types(),
		c.queues.Types(),
		c.zones.Types(),
		c.certificates.Types(),
		c.topics.Types(),
		cloudwatch.New(c.topics).Types(),
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

// Types returns the resource types that the cloud supports, by provider.
func (c *Cloud) Types() []provider.Type { return slices.Concat(c.aws.Types(), c.commands.Types()) }

// Invokes returns the names of the AWS provider's functions that the cloud
// supports.
func (c *Cloud) Invokes() []string { return c.aws.Invokes() }

// addInvokes adds the AWS provider's functions, which return the account, the
// region and existing resources.
func (c *Cloud) addInvokes(p *provider.Provider) {
	p.AddInvoke(ssm.GetParameterToken, c.parameters.GetParameter)
	p.AddInvoke(route53.GetZoneToken, c.zones.GetZone)
	p.AddInvoke(iam.GetPolicyDocumentToken, iam.GetPolicyDocument)
	p.AddInvoke(iam.GetPolicyToken, c.authority.GetPolicy)
	p.AddInvoke("aws:index/getArn:getArn", arnParts)
	p.AddInvoke("aws:index/getServicePrincipal:getServicePrincipal", servicePrincipal)
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

// arnParts implements aws.getArn: it parses an ARN.
func arnParts(_ provider.Call, args map[string]any) (map[string]any, error) {
	text, _ := args["arn"].(string)
	p, ok := arn.Parse(text)
	if !ok {
		return nil, fmt.Errorf("getArn: %q is not an ARN", text)
	}
	return map[string]any{"id": text, "arn": text, "partition": p.Partition, "service": p.Service, "region": p.Region, "account": p.AccountID, "resource": p.Resource}, nil
}

// servicePrincipal implements aws.getServicePrincipal, the name of a service in
// policies. See internal/service/meta/service_principal_data_source.go of
// terraform-provider-aws 5.100.0.
func servicePrincipal(c provider.Call, args map[string]any) (map[string]any, error) {
	service, _ := args["serviceName"].(string)
	region, _ := args["region"].(string)
	region = cmp.Or(region, c.Region)
	return map[string]any{
		"id": service + "." + region + ".amazonaws.com", "name": service + ".amazonaws.com", "serviceName": service, "suffix": "amazonaws.com",
		"region": region, "reverseDnsName": "com.amazonaws." + region + "." + service,
	}, nil
}

// callerIdentity implements aws.getCallerIdentity. A person belongs to every
// account.
func callerIdentity(c provider.Call, _ map[string]any) (map[string]any, error) {
	if c.Caller != "" {
		caller, _ := arn.Parse(c.Caller)
		return map[string]any{"accountId": caller.AccountID, "arn": c.Caller, "id": caller.AccountID, "userId": "AROALOCALLOCALLOCAL:" + path.Base(c.Caller)}, nil
	}
	return map[string]any{"accountId": c.Account, "arn": arn.New("iam", "", c.Account, "user/local"), "id": c.Account, "userId": "AIDALOCALLOCALLOCAL"}, nil
}
