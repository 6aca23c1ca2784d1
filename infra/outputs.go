package main

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// stackOutputs returns the outputs of the stack for people and pipelines.
// apiUrl and socketUrl are the first of urls and socketUrls.
func stackOutputs(s *stack, k *apiInfo, data *stores, d *domains, fns []*function) pulumi.Map {
	functions := pulumi.StringMap{}
	for _, f := range fns {
		functions[f.Name] = f.lambda.Name
	}
	all := pulumi.Map{"functionNames": functions}
	urls, socketURLs := d.urls(s.cfg)
	if len(urls) == 0 {
		urls = pulumi.StringArray{k.url}
	}
	all["apiUrl"], all["urls"] = urls[0], urls
	if k.clients != nil {
		if len(socketURLs) == 0 {
			socketURLs = pulumi.StringArray{k.clients.url}
		}
		all["socketUrl"], all["socketUrls"] = socketURLs[0], socketURLs
	}
	if d.zone != nil {
		all["zoneNameServers"] = d.zone.nameServers
	}
	maps.Copy(all, data.outputs())
	return all
}

// outputs returns the names and addresses of the stores. It names secrets and
// parameters, because an operator sets their values.
func (d *stores) outputs() pulumi.Map {
	all := pulumi.Map{}
	for _, t := range d.tables {
		if !t.Sockets {
			all[tableLabel(t.Table).member("name")] = t.made.Name
		}
	}
	for _, q := range d.queues {
		l := queueLabel(q.Queue)
		all[l.member("url")], all[("dead-"+l).member("url")] = q.made.Url, q.dead.Url
	}
	for _, b := range d.buckets {
		all[bucketLabel(b.Bucket).member("name")] = b.made.Bucket
	}
	secrets, parameters := pulumi.StringMap{}, pulumi.StringMap{}
	for _, x := range d.secrets {
		secrets[label(x.Name).member("")] = x.made.Name
	}
	for _, p := range d.parameters {
		parameters[label(p.Name).member("")] = p.made.Name
	}
	if len(secrets) > 0 {
		all["secretNames"] = secrets
	}
	if len(parameters) > 0 {
		all["parameterNames"] = parameters
	}
	return all
}
