package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// stackOutputs are what the stack tells of itself: apiUrl and socketUrl are the
// first of what clients use, urls and socketUrls all of it.
func stackOutputs(cfg config, a *apis, data *stores, names *domains, fns []*function) pulumi.Map {
	functions := pulumi.StringMap{}
	for _, f := range fns {
		functions[f.declared.Name] = f.lambda.Name
	}
	urls, socketURLs := names.urls(cfg)
	if len(urls) == 0 {
		urls = pulumi.StringArray{a.http.url()}
	}
	if len(socketURLs) == 0 {
		socketURLs = pulumi.StringArray{a.sockets.url}
	}
	all := pulumi.Map{
		"apiUrl": urls[0], "urls": urls,
		"socketUrl": socketURLs[0], "socketUrls": socketURLs,
		"tableName": data.items.Name, "queueUrl": data.queues.events.Url, "deadQueueUrl": data.queues.dead.Url,
		"functionNames": functions, "secretNames": data.secrets.outputs(),
	}
	if names.zone != nil {
		all["zoneNameServers"] = names.zone.nameServers
	}
	return all
}
