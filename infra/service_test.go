package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// without returns the service without some functions.
func without(s lambdas.Service, names ...string) lambdas.Service {
	s.Functions = slices.DeleteFunc(slices.Clone(s.Functions), func(f lambdas.Function) bool { return slices.Contains(names, f.Name) })
	return s
}

// public returns the service with every route public.
func public(s lambdas.Service) lambdas.Service {
	s.Functions = slices.Clone(s.Functions)
	for i, f := range s.Functions {
		s.Functions[i].Routes, s.Functions[i].PublicRoutes = nil, f.HTTPRoutes()
	}
	return s
}

// allText returns the text of a recording: keys, inputs and outputs.
func allText(r *recording.Stack) string {
	var all []string
	for key, res := range r.Resources {
		all = append(all, fmt.Sprint(key, " ", res.Inputs))
	}
	return strings.Join(append(all, fmt.Sprint(r.Outputs)), "\n")
}

// TestPartsComeAndGo removes parts of the declaration, or disables them by a
// setting, and checks that nothing of them remains.
func TestPartsComeAndGo(t *testing.T) {
	t.Parallel()
	const issuer = "issuer=https://issuer.example/"
	for name, test := range map[string]struct {
		declared lambdas.Service
		changes  []string
		gone     []string // texts that must be absent
		there    []string // texts that must be present
	}{
		"nothing": {fixture(), nil, nil, []string{"CONNECTIONS_TABLE_NAME", "QUEUE_URL", "socketUrl", "deadQueueUrl", "sqs:SendMessage", "token-key", " authorize "}},
		"no WebSocket clients and no worker": {without(fixture(), "socket", "notify"), nil,
			[]string{"socket", "connections", "CONNECTIONS", "WEBSOCKET", "sqs", "QUEUE_URL", "queueUrl", "QueueUrl", "queue", "events"},
			[]string{"authorize-api", "token-key"}},
		"no worker": {without(fixture(), "notify"), nil,
			[]string{"sqs", "QUEUE_URL", "queueUrl", "deadQueueUrl", "events"}, []string{"sockets", "connections"}},
		"an issuer and no WebSocket clients": {without(fixture(), "socket", "notify"), []string{issuer, `audiences=["web"]`},
			[]string{" authorize ", "authorize-", "token-key", "tokenKey", "TOKEN"}, []string{"Authorizer jwt"}},
		"all routes public": {without(public(fixture()), "socket", "notify"), nil,
			[]string{"uthorize-", "apigatewayv2/authorizer", "token-key", "authorizerId", " authorize "}, []string{"GET /health"}},
		"no domain": {fixture(), []string{"domain=", "socketDomain=", "zone="},
			[]string{"route53", "aws:acm", "domainName", "apiMapping", "zoneNameServers"}, []string{"sockets"}},
		"no alarms and no dashboard": {everything(), []string{"alarms=false", "dashboard=false"},
			[]string{"cloudwatch/metricAlarm", "aws:sns", "cloudwatch/dashboard"}, []string{"orders"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec, err := deployWith(t, test.declared, with(settingsOf(t, "staging"), test.changes...))
			if err != nil {
				t.Fatal(err)
			}
			checkRules(t, test.declared, rec)
			said := allText(rec)
			for _, text := range test.gone {
				for line := range strings.Lines(said) {
					if at := strings.Index(line, text); at >= 0 {
						t.Errorf("%q is left: %.60s … %.120s", text, line, line[max(0, at-60):])
					}
				}
			}
			for _, text := range test.there {
				if !strings.Contains(said, text) {
					t.Errorf("%q is gone too", text)
				}
			}
		})
	}
}

// TestAttachedWithoutSockets attaches a stack to a host without WebSocket
// clients. That works if the stack does not use them.
func TestAttachedWithoutSockets(t *testing.T) {
	t.Parallel()
	rec, err := attachOf(t, without(fixture(), "socket", "notify"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, there := rec.Outputs["socketUrl"]; there {
		t.Errorf("outputs %v", rec.Outputs)
	}
	_, err = attach(t, map[string]string{"/other/shared/socketUrl": ""})
	if err == nil || !strings.Contains(err.Error(), "the stack other/shared has no readable parameter /other/shared/socketUrl") {
		t.Errorf("a worker without clients: %v", err)
	}
}
