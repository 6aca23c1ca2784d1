package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// stageRules are those of what there is at all, and in what order.
func stageRules() []rule {
	return []rule{
		{"parts belong to their component", checkParts, func(r *recording.Stack) {
			delete(r.Resources, permissionType+" health")
		}},
		{"there is nothing else", checkParts, add(secretVersionType, nil)},
		{"the stage comes last", checkStage, change(stageType+" api", func(res *recording.Resource) { res.After = res.After[:2] })},
		{"what a destroy would begin with is protected", checkLeaves, add(parameterType, nil)},
		{"the WebSocket stage waits for its routes", checkSocketStage,
			change(deploymentType+" sockets", func(res *recording.Resource) { res.After = nil })},
		{"the WebSocket stage is throttled", checkSocketStage,
			within(stageType, "sockets", "defaultRouteSettings", "throttlingRateLimit", nil)},
	}
}

// checkParts wants the parts of each function in its component, and no resource
// of these types that neither the declaration nor a setting asks for. Other types
// are a team's own.
func checkParts(h held) (offences []string) {
	want := map[string]string{}
	for _, f := range h.Functions {
		if f.Authorizes && !h.sockets() && (!h.guarded() || !h.signs()) {
			continue
		}
		component := h.component(f.Name)
		want[component] = ""
		for _, key := range h.partsOf(f) {
			want[key] = component
		}
	}
	for _, key := range slices.Concat(h.storeKeys(), h.apiKeys(), h.operationKeys(), domainKeys(h)) {
		want[key] = ""
	}
	types := map[string]bool{secretVersionType: true}
	for key := range want {
		typ, _, _ := strings.Cut(key, " ")
		types[typ] = true
	}
	for key, res := range h.Resources {
		if parent, ok := want[key]; types[res.Type] && (!ok || parent != res.Parent) {
			offences = append(offences, key+" is part of "+strconv.Quote(res.Parent))
		}
		delete(want, key)
	}
	for key := range want {
		offences = append(offences, key+" is missing")
	}
	return offences
}

// partsOf are the keys of a function's own resources.
func (h held) partsOf(f lambdas.Function) (keys []string) {
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
	if f.Authorizes && h.sockets() {
		keys = append(keys, permissionType+" authorize-sockets")
	}
	if f.Authorizes && h.guarded() && h.signs() {
		keys = append(keys, permissionType+" authorize-api")
	}
	if f.Consumes != "" {
		keys = append(keys, workerType+" "+f.Name)
	}
	if f.Follows != "" {
		keys = append(keys, workerType+" "+f.Name+"-stream")
	}
	if f.Schedule != "" {
		keys = append(keys, scheduleType+" "+f.Name, roleType+" "+f.Name+"-schedule", policyType+" "+f.Name+"-schedule")
	}
	return keys
}

// storeKeys are the keys of what is stored. Other rules look at what each is.
func (h held) storeKeys() (keys []string) {
	for _, t := range h.Tables {
		if !t.Sockets || h.sockets() {
			keys = append(keys, tableType+" "+t.Name)
		}
	}
	for _, typ := range []string{queueType, redriveType, secretType, sharedType, parameterType} {
		for name := range h.Of(typ) {
			if name != "more" { // a rule of its own finds one too many
				keys = append(keys, typ+" "+name)
			}
		}
	}
	for _, b := range h.Buckets {
		for key, res := range h.Resources {
			if strings.HasPrefix(res.Type, "aws:s3/") && res.Name == b.Name {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// apiKeys are the keys of the two APIs.
func (h held) apiKeys() []string {
	keys := []string{accountType + " aws", logGroupType + " access", apiType + " api", stageType + " api"}
	if h.set("autoDeploy") == "false" {
		keys = append(keys, deploymentType+" api")
	}
	if h.guarded() {
		keys = append(keys, authorizerType+" "+map[bool]string{true: "request", false: "jwt"}[h.signs()])
	}
	if h.sockets() {
		for _, typ := range []string{apiType, stageType, deploymentType, authorizerType} {
			keys = append(keys, typ+" sockets")
		}
	}
	return keys
}

// operationKeys are the keys of alarms and dashboard. There is an alarm for each
// store that lasts, and for each function that nobody waits for.
func (h held) operationKeys() (keys []string) {
	if h.set("dashboard") == "true" {
		keys = append(keys, dashboardType+" dashboard")
	}
	if h.set("alarms") != "true" {
		return keys
	}
	keys = append(keys, topicType+" alarms")
	if h.set("alarmEmail") != "" {
		keys = append(keys, subscriptionType+" alarms")
	}
	alarms := []string{"api-errors", "api-latency", "function-throttles"}
	for _, t := range h.Tables {
		if !t.Sockets {
			alarms = append(alarms, string(labelOf(t.Label, t.Name, "table"))+"-throttles")
		}
	}
	for _, q := range h.Queues {
		if h.Of(queueType)[q.Name].Type != "" {
			alarms = append(alarms, string(labelOf(q.Label, q.Name, "queue"))+"-age", "dead-"+q.Name)
		}
	}
	for _, f := range h.Functions {
		if f.Follows != "" {
			alarms = append(alarms, f.Name+"-behind", "dead-"+f.Name)
		}
		if f.Schedule != "" {
			alarms = append(alarms, f.Name+"-failed")
		}
	}
	for _, name := range alarms {
		keys = append(keys, alarmType+" "+name)
	}
	return keys
}

// checkStage wants the stage to wait, by way of others, for all there is but the
// mappings, which wait for it: a destroy then begins with these.
func checkStage(h held) (offences []string) {
	before := map[string]bool{}
	next := []string{stageType + " api"}
	for len(next) > 0 {
		res := h.Resources[next[0]]
		next = next[1:]
		for _, key := range append(slices.Clone(res.After), res.Parent) {
			if !before[key] {
				before[key] = true
				next = append(next, key)
			}
		}
	}
	for key, res := range h.Resources {
		switch res.Type {
		case accountType:
		case mappingType:
			if to := fmt.Sprint(stageType, " ", map[bool]string{true: "sockets", false: "api"}[res.Name == h.set("socketDomain")]); !slices.Contains(res.After, to) {
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
func checkLeaves(h held) (offences []string) {
	needed := map[string]bool{}
	for _, res := range h.Resources {
		needed[res.Parent] = true
		for _, key := range res.After {
			needed[key] = true
		}
	}
	leaves := 0
	for key, res := range h.Resources {
		if needed[key] || res.Type == accountType {
			continue
		}
		leaves++
		if known := res.Type == mappingType || key == stageType+" api"; !known || fmt.Sprint(res.Protected) != h.set("protect") {
			offences = append(offences, fmt.Sprintf("nothing waits for %s, which is protected: %t", key, res.Protected))
		}
	}
	if leaves == 0 {
		offences = append(offences, "everything waits for something")
	}
	return offences
}

func checkSocketStage(h held) (offences []string) {
	if !h.sockets() {
		return nil
	}
	stage, deployment := h.Of(stageType)["sockets"], h.Of(deploymentType)["sockets"]
	offences = append(differ("the name of the stage", stage.Inputs["name"], "live"), differ("it publishes", stage.Inputs["deploymentId"], "deployment-id of sockets")...)
	for key, res := range h.Resources {
		if res.Type == routeType && res.Inputs["apiId"] == "api-id of sockets" && !slices.Contains(deployment.After, key) {
			offences = append(offences, "the deployment does not wait for "+key)
		}
	}
	settings := nested(stage, "defaultRouteSettings")
	offences = append(offences, differ("rate", settings["throttlingRateLimit"], h.set("throttleRate"))...)
	return append(offences, differ("burst", settings["throttlingBurstLimit"], h.set("throttleBurst"))...)
}
