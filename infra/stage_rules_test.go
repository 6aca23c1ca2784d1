package main

import (
	"fmt"
	"slices"
	"strconv"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// stageRules are those of what there is at all, and in what order.
func stageRules() []rule {
	return []rule{
		{"parts belong to their component", checkParts, func(r *recording.Stack) {
			delete(r.Resources, permissionType+" health")
		}},
		{"there is nothing else", checkParts, add(secretType, nil)},
		{"the stage comes last", checkStage, change(stageType+" api", func(res *recording.Resource) { res.After = res.After[:2] })},
		{"what a destroy would begin with is protected", checkLeaves, add(parameterType, nil)},
		{"the WebSocket stage waits for its routes", checkSocketStage,
			change(deploymentType+" sockets", func(res *recording.Resource) { res.After = nil })},
		{"the WebSocket stage is throttled", checkSocketStage,
			within(stageType, "sockets", "defaultRouteSettings", "throttlingRateLimit", nil)},
	}
}

// checkParts wants one of each part in each component, with its name, and every
// other resource outside.
func checkParts(r *recording.Stack) (offences []string) {
	want := map[string]string{}
	for _, f := range lambdas.Functions() {
		component := componentType + " " + f.Name
		want[component] = ""
		for _, key := range parts(f, r.Settings) {
			want[key] = component
		}
	}
	for _, key := range slices.Concat(single(r.Settings), optional(r.Settings)) {
		want[key] = ""
	}
	for key, res := range r.Resources {
		if parent, ok := want[key]; !ok || parent != res.Parent {
			offences = append(offences, key+" is part of "+strconv.Quote(res.Parent))
		}
		delete(want, key)
	}
	for key := range want {
		offences = append(offences, key+" is missing")
	}
	return offences
}

// parts are the keys of a function's own resources.
func parts(f lambdas.Function, settings map[string]string) (keys []string) {
	for _, typ := range []string{commandType, roleType, policyType, logGroupType, functionType} {
		keys = append(keys, typ+" "+f.Name)
	}
	if len(httpKeys(f)) > 0 {
		keys = append(keys, integrationType+" "+f.Name, permissionType+" "+f.Name)
	}
	for _, key := range httpKeys(f) {
		keys = append(keys, routeType+" "+shape(key))
	}
	if len(f.SocketRoutes) > 0 {
		keys = append(keys, integrationType+" "+f.Name+"-sockets", permissionType+" "+f.Name+"-sockets")
	}
	for _, key := range f.SocketRoutes {
		keys = append(keys, routeType+" sockets "+key)
	}
	if f.Authorizes {
		keys = append(keys, permissionType+" authorize-sockets")
		if settings["skiff:issuer"] == "" {
			keys = append(keys, permissionType+" authorize-api")
		}
	}
	if f.Consumes {
		keys = append(keys, workerType+" "+f.Name)
	}
	return keys
}

// single are the resources that there is one of, whatever is set.
func single(settings map[string]string) []string {
	keys := []string{accountType + " aws", tableType + " items", tableType + " connections", queueType + " events", queueType + " dead-events",
		redriveType + " dead-events", secretType + " cursor-key", logGroupType + " access",
		sharedType + " items-read", sharedType + " items-write", sharedType + " events-send"}
	for _, name := range []string{"api", "sockets"} {
		keys = append(keys, apiType+" "+name, stageType+" "+name)
	}
	for name := range parameters() {
		keys = append(keys, parameterType+" "+name)
	}
	return append(keys, deploymentType+" sockets", authorizerType+" sockets")
}

// optional are those that there is one of if the settings ask for it, and those
// of domains.
func optional(settings map[string]string) (keys []string) {
	if settings["skiff:autoDeploy"] == "false" {
		keys = append(keys, deploymentType+" api")
	}
	if settings["skiff:issuer"] == "" {
		keys = append(keys, secretType+" token-key", authorizerType+" request")
	} else {
		keys = append(keys, authorizerType+" jwt")
	}
	if settings["skiff:alarms"] == "true" {
		keys = append(keys, topicType+" alarms")
		for _, name := range []string{"api-errors", "api-latency", "function-throttles", "table-throttles", "queue-age", "dead-events"} {
			keys = append(keys, alarmType+" "+name)
		}
		if settings["skiff:alarmEmail"] != "" {
			keys = append(keys, subscriptionType+" alarms")
		}
	}
	if settings["skiff:dashboard"] == "true" {
		keys = append(keys, dashboardType+" dashboard")
	}
	return append(keys, domainKeys(settings)...)
}

// checkStage wants the stage to wait, by way of others, for all there is but the
// mappings, which wait for it: a destroy then begins with these.
func checkStage(r *recording.Stack) (offences []string) {
	before := map[string]bool{}
	next := []string{stageType + " api"}
	for len(next) > 0 {
		res := r.Resources[next[0]]
		next = next[1:]
		for _, key := range append(slices.Clone(res.After), res.Parent) {
			if !before[key] {
				before[key] = true
				next = append(next, key)
			}
		}
	}
	for key, res := range r.Resources {
		switch res.Type {
		case accountType:
		case mappingType:
			if to := fmt.Sprint(stageType, " ", map[bool]string{true: "sockets", false: "api"}[res.Name == r.Settings["skiff:socketDomain"]]); !slices.Contains(res.After, to) {
				offences = append(offences, key+" does not wait for its stage")
			}
		default:
			if !before[key] && key != stageType+" api" {
				offences = append(offences, "the stage does not wait for "+key)
			}
		}
	}
	return offences
}

// checkLeaves wants all that nothing else waits for to be protected, where
// protection is asked for: a destroy without a preview ends there.
func checkLeaves(r *recording.Stack) (offences []string) {
	needed := map[string]bool{}
	for _, res := range r.Resources {
		needed[res.Parent] = true
		for _, key := range res.After {
			needed[key] = true
		}
	}
	leaves := 0
	for key, res := range r.Resources {
		if needed[key] || res.Type == accountType {
			continue
		}
		leaves++
		if known := res.Type == mappingType || key == stageType+" api"; !known || fmt.Sprint(res.Protected) != r.Settings["skiff:protect"] {
			offences = append(offences, fmt.Sprintf("nothing waits for %s, which is protected: %t", key, res.Protected))
		}
	}
	if leaves == 0 {
		offences = append(offences, "everything waits for something")
	}
	return offences
}

func checkSocketStage(r *recording.Stack) (offences []string) {
	stage, deployment := r.Of(stageType)["sockets"], r.Of(deploymentType)["sockets"]
	offences = append(differ("the name of the stage", stage.Inputs["name"], "live"), differ("it publishes", stage.Inputs["deploymentId"], "deployment-id of sockets")...)
	for key, res := range r.Resources {
		if res.Type == routeType && res.Inputs["apiId"] == "api-id of sockets" && !slices.Contains(deployment.After, key) {
			offences = append(offences, "the deployment does not wait for "+key)
		}
	}
	settings := nested(stage, "defaultRouteSettings")
	offences = append(offences, differ("rate", settings["throttlingRateLimit"], r.Settings["skiff:throttleRate"])...)
	return append(offences, differ("burst", settings["throttlingBurstLimit"], r.Settings["skiff:throttleBurst"])...)
}
