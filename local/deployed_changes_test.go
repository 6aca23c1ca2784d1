package main

import "fmt"

// change is a change of settings on a stack that is up. It is applied and
// reverted, or a preview refuses it.
type change struct {
	name     string
	from     values // set first, in addition to the checkout's settings
	settings values
	with     values // must change with settings, but is reported elsewhere

	refused string // error of the preview that refuses the change
	oneWay  string // error of the preview that refuses to revert it
	keeps   values // the settings that this error asks for
	fails   string // why requests may fail meanwhile; "" if none may
	without string // why it has no effect here; "" if it has one
	newKey  bool   // the change creates a new key for tokens
}

// changesOf returns changes of every setting. The stack has a domain for the
// API and one for the WebSocket API, in a zone that it has created. Independent
// settings change together.
func changesOf(f *stackFile) []change {
	domain, sockets, zone := f.text("domain"), f.text("socketDomain"), f.text("zone")
	another := "shop." + zone
	return []change{
		f.inPlace(),
		{name: "parts that come and go", settings: values{"autoDeploy": f.not("autoDeploy"), "alarms": f.not("alarms"), "dashboard": f.not("dashboard")}},
		{name: "the stage", settings: values{"stage": "v1"}},
		{name: "a path", settings: values{"basePath": "v1"}, fails: "the API has another path during the change"},
		{name: "an issuer", settings: values{"issuer": "https://issuer.example.com/", "audiences": []string{"web"}}, newKey: true,
			fails: "the issuer signs the tokens during the change, and the stack then has a new key"},
		{name: "another domain first", settings: values{"domain": another, "additionalDomains": []string{domain}}},
		{name: "a wildcard", settings: values{"additionalDomains": []string{another, "*." + domain}}},
		{name: "the first domain replaced, its wildcard kept", from: values{"additionalDomains": []string{"*." + domain}},
			settings: values{"domain": another, "additionalDomains": []string{"*." + domain}}, fails: "the domain differs during the change"},
		{name: "no domain of WebSocket clients", settings: values{"socketDomain": nil}},
		{name: "domains exchanged", settings: values{"domain": sockets, "socketDomain": domain}, fails: "the domain leads to the WebSocket API during the change"},
		{name: "not delegated", settings: values{"delegated": false}, fails: "the domain is deleted and created again"},
		{name: "what a rehearsal overrides", settings: values{"target": "linux/amd64", "profile": "other", "checkDelegation": false},
			without: "functions are built for this machine, there are no credentials, and every record exists"},
		{name: "the account", settings: values{"account": "999999999999"}, with: values{"permissionsBoundary": nil}, refused: "belongs to AWS account 999999999999, but the credentials belong to"},
		{name: "a parent of the zone", settings: values{"parentZone": "parent.example"}, refused: "parentZone parent.example must be above a zone that this stack creates"},
		{name: "attached", settings: values{"attachTo": f.project + "/other"}, refused: "domain has no effect with"},
		{name: "another zone", settings: values{"zone": "another.example"}, refused: "is not in the zone another.example"},
		{name: "an existing zone", settings: values{"createZone": false}, oneWay: "and a second one would have other name servers", keeps: values{"createZone": false}},
		{name: "no domain", settings: values{"domain": nil, "socketDomain": nil, "zone": nil}, fails: "the domain is deleted and created again"},
	}
}

// administrators returns the settings that only an administrator changes on a
// stack that is up, with the reasons.
func administrators() values {
	return values{
		"permissionsBoundary": "the deploy role may neither change nor drop a boundary",
		"role":                "the deploy role takes no other",
	}
}

// inPlace returns one change of all settings that only change values.
func (f *stackFile) inPlace() change {
	return change{name: "values", settings: values{
		"memory": f.other("memory", 512, 1024), "timeout": 12, "concurrency": 50, "tracing": f.not("tracing"),
		"logLevel": f.other("logLevel", "info", "warn"), "logDays": f.other("logDays", 30, 60),
		"secretRecoveryDays": f.other("secretRecoveryDays", 7, 8), "queueVisibility": 240, "queueDays": 2, "queueReceives": 4, "workerConcurrency": 20,
		"deletionProtection": f.not("deletionProtection"), "pointInTimeRecovery": f.not("pointInTimeRecovery"), "protect": f.not("protect"),
		"corsOrigins": []string{"https://other.example.com"}, "authorizationCache": f.other("authorizationCache", 30, 90),
		"throttleRate": f.other("throttleRate", 500, 600), "throttleBurst": f.other("throttleBurst", 900, 800),
		"routeThrottles": map[string]any{}, "detailedMetrics": f.not("detailedMetrics"),
		"alarmEmail": "others@example.com", "alarmErrorPercent": f.other("alarmErrorPercent", 7, 8),
		"alarmLatency": f.other("alarmLatency", 2000, 2500), "alarmQueueAge": f.other("alarmQueueAge", 120, 180),
		"tags": map[string]any{"Team": "web"},
	}}
}

// other returns the first of two values that differs from the setting.
func (f *stackFile) other(name string, one, two any) any {
	if fmt.Sprint(f.base[name]) == fmt.Sprint(one) {
		return two
	}
	return one
}

// not returns the opposite of a flag.
func (f *stackFile) not(name string) bool { return f.base[name] != true }
