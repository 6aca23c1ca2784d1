package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// stageRules returns the rules about which resources exist, and in which order
// Pulumi creates them.
func stageRules() []rule {
	return []rule{
		{"a function's resources belong to its component", checkParts, func(r *recording.Stack) {
			delete(r.Resources, permissionType+" health")
		}},
		{"there is no other resource", checkParts, add(secretVersionType, nil)},
		{"the stage depends on all other resources", checkStage, change(stageType+" api", func(res *recording.Resource) { res.After = res.After[:2] })},
		{"what a destroy deletes first is protected", checkLeaves, add(parameterType, nil)},
		{"the WebSocket deployment depends on its routes", checkSocketStage,
			change(deploymentType+" sockets", func(res *recording.Resource) { res.After = nil })},
		{"the WebSocket stage is throttled", checkSocketStage,
			within(stageType, "sockets", "defaultRouteSettings", "throttlingRateLimit", nil)},
	}
}

// checkParts wants each function's resources in its component. It wants no
// resource of these types that neither the declaration nor a setting asks for.
// A team may declare resources of other types.
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
			offences = append(offences, key+" has the parent "+strconv.Quote(res.Parent))
		}
		delete(want, key)
	}
	for key := range want {
		offences = append(offences, key+" is missing")
	}
	return offences
}

// partsOf returns the keys of a function's resources.
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

// storeKeys returns the keys of the stores. Other rules check their inputs.
func (h held) storeKeys() (keys []string) {
	for _, t := range h.Tables {
		if !t.Sockets || h.sockets() {
			keys = append(keys, tableType+" "+t.Name)
		}
	}
	for _, typ := range []string{queueType, redriveType, secretType, sharedType, parameterType} {
		for name := range h.Of(typ) {
			if name != "more" { // another rule reports the extra resource
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

// apiKeys returns the keys of the two APIs.
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

// operationKeys returns the keys of the alarms and the dashboard. There are
// alarms for each store that keeps data, and for each function that no request
// waits for.
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

// checkStage wants the stage to depend, directly or not, on every resource
// except the mappings. These depend on the stage, so a destroy deletes them
// first.
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
				offences = append(offences, key+" does not depend on its stage")
			}
		default:
			if !before[key] && key != stageType+" api" {
				offences = append(offences, "the stage does not depend on "+key)
			}
		}
	}
	return offences
}

// checkLeaves wants every resource that no other depends on to be protected, if
// the setting protect is true. So a destroy without a preview stops before it
// deletes anything.
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
			offences = append(offences, fmt.Sprintf("no resource depends on %s, and its protection is %t", key, res.Protected))
		}
	}
	if leaves == 0 {
		offences = append(offences, "every resource has another that depends on it")
	}
	return offences
}

func checkSocketStage(h held) (offences []string) {
	if !h.sockets() {
		return nil
	}
	stage, deployment := h.Of(stageType)["sockets"], h.Of(deploymentType)["sockets"]
	offences = append(differ("the name of the stage", stage.Inputs["name"], "live"), differ("its deployment", stage.Inputs["deploymentId"], "deployment-id of sockets")...)
	for key, res := range h.Resources {
		if res.Type == routeType && res.Inputs["apiId"] == "api-id of sockets" && !slices.Contains(deployment.After, key) {
			offences = append(offences, "the deployment does not depend on "+key)
		}
	}
	settings := nested(stage, "defaultRouteSettings")
	offences = append(offences, differ("rate", settings["throttlingRateLimit"], h.set("throttleRate"))...)
	return append(offences, differ("burst", settings["throttlingBurstLimit"], h.set("throttleBurst"))...)
}
