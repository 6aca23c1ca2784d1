package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// TestConfigRefused checks the error for wrong values of settings.
func TestConfigRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, value, want string }{
		{"target", "linux/riscv64", "PROJECT:target must be linux/arm64, linux/amd64 or host, not"},
		{"target", "", "PROJECT:target must be"},
		{"memory", "127", "PROJECT:memory must be a whole number from 128 to 10240, not \"127\"; change it with pulumi config set memory VALUE --stack mock"},
		{"memory", "10241", "PROJECT:memory must be"},
		{"memory", "1e3", "PROJECT:memory must be"},
		{"memory", "256 MB", "PROJECT:memory must be"},
		{"memory", "99999999999999999999", "PROJECT:memory must be"},
		{"timeout", "3", "PROJECT:timeout must be a whole number from 4 to 29"},
		{"timeout", "30", "PROJECT:timeout must be"},
		{"timeout", "2.5", "PROJECT:timeout must be"},
		{"concurrency", "-2", "PROJECT:concurrency must be a whole number from -1 to 10000"},
		{"logLevel", "INFO", "PROJECT:logLevel must be debug, info, warn or error, not \"INFO\""},
		{"logDays", "0", "PROJECT:logDays must be 1, 3, 5, 7,"},
		{"logDays", "31", "PROJECT:logDays must be"},
		{"logDays", "30 ", "PROJECT:logDays must be"},
		{"stage", "", "PROJECT:stage must be $default, or 1 to 128 of A-Z a-z 0-9 _ -, not \"\""},
		{"stage", "a/b", "PROJECT:stage must be"},
		{"stage", "$other", "PROJECT:stage must be"},
		{"stage", "a\n", "PROJECT:stage must be"},
		{"stage", strings.Repeat("a", 129), "PROJECT:stage must be"},
		{"autoDeploy", "yes", "PROJECT:autoDeploy must be true or false, not \"yes\""},
		{"deletionProtection", "True", "PROJECT:deletionProtection must be"},
		{"pointInTimeRecovery", "1", "PROJECT:pointInTimeRecovery must be"},
		{"account", "", "PROJECT:account must be the 12 digits of an AWS account, in quotes, not \"\""},
		{"account", "12345678901", "PROJECT:account must be"},
		{"account", "1111-1111-1111", "PROJECT:account must be"},
		{"profile", "a b", "PROJECT:profile must be empty, or the name of a profile, 1 to 64 of A-Z a-z 0-9 _ . @ / -, not \"a b\""},
		{"role", "deploy", "PROJECT:role must be empty, or the ARN of a role, such as arn:aws:iam::111111111111:role/deploy, not"},
		{"role", "arn:aws:iam::111111111111:user/deploy", "PROJECT:role must be"},
		{"permissionsBoundary", "arn:aws:iam::111111111111:role/x", "PROJECT:permissionsBoundary must be empty, or the ARN of a managed policy"},
		{"role", "arn:aws:iam::123456789012:role/deploy", "PROJECT:role belongs to account 123456789012, but PROJECT:account is 111111111111; both must name the same account"},
		{"permissionsBoundary", "arn:aws:iam::123456789012:policy/x", "PROJECT:permissionsBoundary belongs to account 123456789012, but PROJECT:account is 111111111111; both must name the same account"},
		{"tags", `"x"`, "PROJECT:tags must be tags, such as {Team: web}, not"},
		{"tags", `{"Team": 1}`, "PROJECT:tags must be tags"},
		{"tags", `{"project": "x"}`, "PROJECT:tags must be tags with unique names of 1 to 128 characters, other than Project, Stack and ManagedBy and without the prefix aws:"},
		{"tags", `{"Team": "a", "team": "b"}`, "PROJECT:tags must be tags with unique names"},
		{"tags", `{"aws:x": "a"}`, "PROJECT:tags must be tags with unique names"},
		{"tags", `{"": "a"}`, "PROJECT:tags must be tags with unique names"},
		{"tags", `{"Team": "a\nb"}`, "PROJECT:tags must be tags with values of letters, digits"},
		{"throttleRate", "0", "PROJECT:throttleRate must be a whole number from 1 to 10000"},
		{"throttleRate", "10001", "PROJECT:throttleRate must be"},
		{"throttleBurst", "5001", "PROJECT:throttleBurst must be a whole number from 1 to 5000"},
		{"routeThrottles", `[]`, "PROJECT:routeThrottles must be throttles by route key, such as {GET /items: {rate: 10, burst: 20}}, not []"},
		{"routeThrottles", `{"GET /items": {"rate": 10, "bust": 20}}`, "PROJECT:routeThrottles must be throttles by route key"},
		{"routeThrottles", `{"GET /items": {"rate": 1.5, "burst": 20}}`, "PROJECT:routeThrottles must be throttles by route key"},
		{"routeThrottles", `{"GET /items": {"rate": 10}}`, "PROJECT:routeThrottles must be throttles with a rate of 1 to 10000 and a burst of 1 to 5000, both, not \"GET /items\""},
		{"routeThrottles", `{"GET /nope": {"rate": 10, "burst": 20}}`, "PROJECT:routeThrottles names \"GET /nope\", which is not a route; the routes are " + strings.Join(declaredRoutes(), ", ")},
		{"tracing", "Active", "PROJECT:tracing must be true or false"},
		{"detailedMetrics", "", "PROJECT:detailedMetrics must be"},
		{"alarms", "1", "PROJECT:alarms must be"},
		{"alarmEmail", "ops", "PROJECT:alarmEmail must be empty, or one email address, not \"ops\""},
		{"alarmEmail", "a@example.com, b@example.com", "PROJECT:alarmEmail must be"},
		{"alarmErrorPercent", "100", "PROJECT:alarmErrorPercent must be a whole number from 0 to 99"},
		{"alarmLatency", "0", "PROJECT:alarmLatency must be a whole number from 1 to 30000"},
		{"dashboard", "yes", "PROJECT:dashboard must be"},
		{"protect", "yes", "PROJECT:protect must be"},
		{"attachTo", "shared", "PROJECT:attachTo must be empty, or PROJECT/STACK, such as "},
		{"attachTo", "/shop/staging", "PROJECT:attachTo must be"},
		{"corsOrigins", `["*.example.com"]`, "PROJECT:corsOrigins must be an origin, such as https://www.example.com, or *, not \"*.example.com\""},
		{"corsOrigins", `["https://a.example/"]`, "PROJECT:corsOrigins must be"},
		{"corsOrigins", "https://a.example", "PROJECT:corsOrigins must be a list of an origin"},
		{"issuer", "http://issuer.example", "PROJECT:issuer must be empty, or the https URL of an issuer, equal to the claim iss of its tokens, not"},
		{"issuer", "https://issuer.example", "set both PROJECT:issuer and PROJECT:audiences, or neither"},
		{"audiences", `["a,b"]`, "PROJECT:audiences must be an audience, equal to the claim aud of a token, without spaces or commas, not \"a,b\""},
		{"audiences", `["web"]`, "set both PROJECT:issuer and PROJECT:audiences, or neither: without audiences the API would accept tokens that the issuer signed for other services"},
		{"authorizationCache", "3601", "PROJECT:authorizationCache must be a whole number from 0 to 3600"},
		{"secretRecoveryDays", "6", "PROJECT:secretRecoveryDays must be 0, or a whole number of days from 7 to 30, not \"6\""},
		{"secretRecoveryDays", "31", "PROJECT:secretRecoveryDays must be"},
		{"secretRecoveryDays", "", "PROJECT:secretRecoveryDays must be"},
		{"queueVisibility", "59", "PROJECT:queueVisibility is 59 s and must be at least 60 s, 6 times PROJECT:timeout: SQS would return a message while Lambda still retries it"},
		{"queueVisibility", "43201", "PROJECT:queueVisibility must be a whole number from 1 to 43200"},
		{"queueDays", "15", "PROJECT:queueDays must be a whole number from 1 to 14"},
		{"queueReceives", "2", "PROJECT:queueReceives must be a whole number from 3 to 1000"},
		{"workerConcurrency", "1", "PROJECT:workerConcurrency must be a whole number from 2 to 1000"},
		{"domain", "*.staging.example.com", "PROJECT:domain must be empty, or a domain name, such as api.example.com, not \"*.staging.example.com\""},
		{"domain", "localhost", "PROJECT:domain must be"},
		{"domain", ".", "PROJECT:domain must be"},
		{"domain", "api..staging.example.com", "PROJECT:domain must be"},
		{"domain", "-api.staging.example.com", "PROJECT:domain must be"},
		{"domain", "api_1.staging.example.com", "PROJECT:domain must be"},
		{"domain", "api.staging.example.com..", "PROJECT:domain must be"},
		{"domain", strings.Repeat("a", 64) + ".staging.example.com", "PROJECT:domain must be"},
		{"domain", strings.Repeat("a.", 120) + "staging.example.com", "PROJECT:domain must be"},
		{"domain", strings.Repeat("a", 45) + ".staging.example.com", "has 65 characters, but the first name of a certificate has at most 64"},
		{"domain", "api.example.com", "the domain api.example.com is not in the zone staging.example.com; set PROJECT:zone to a zone that contains all domains"},
		{"domain", "notstaging.example.com", "the domain notstaging.example.com is not in the zone staging.example.com"},
		{"domain", "ws.staging.example.com", "the domain ws.staging.example.com is set twice, in PROJECT:domain, PROJECT:additionalDomains or PROJECT:socketDomain"},
		{"domain", "", "PROJECT:domain is empty, so PROJECT:additionalDomains, socketDomain, basePath, zone and parentZone have no effect; set the domain, or remove them"},
		{"additionalDomains", `["www"]`, "PROJECT:additionalDomains must be a domain name, such as www.example.com or *.example.com, not \"www\""},
		{"additionalDomains", `["*"]`, "PROJECT:additionalDomains must be"},
		{"additionalDomains", `["*.*.staging.example.com"]`, "PROJECT:additionalDomains must be"},
		{"additionalDomains", `["` + strings.Repeat("a.", 120) + `staging.example.com"]`, "PROJECT:additionalDomains must be"},
		{"additionalDomains", `["API.staging.example.com."]`, "the domain api.staging.example.com is set twice"},
		{"additionalDomains", `["*.example.org"]`, "the domain *.example.org is not in the zone staging.example.com"},
		{"additionalDomains", tenMore(), "12 domains are set, but an ACM certificate has at most 10 names"},
		{"socketDomain", "*.staging.example.com", "PROJECT:socketDomain must be"},
		{"socketDomain", "ws.example.org", "the domain ws.example.org is not in the zone staging.example.com"},
		{"basePath", "/v1", "PROJECT:basePath must be empty, or a path without a slash at its ends, such as v1, not \"/v1\""},
		{"basePath", "v1/", "PROJECT:basePath must be"},
		{"basePath", "v1//web", "PROJECT:basePath must be"},
		{"basePath", "a~b", "PROJECT:basePath must be"},
		{"basePath", strings.Repeat("a", 301), "PROJECT:basePath has 301 characters, but API Gateway accepts at most 300"},
		{"zone", "com", "PROJECT:zone must be"},
		{"parentZone", "staging.example.com", "PROJECT:parentZone staging.example.com must be above a zone that this stack creates; but PROJECT:zone is staging.example.com and PROJECT:createZone is true"},
		{"parentZone", "example.org", "PROJECT:parentZone example.org must be above a zone"},
		{"createZone", "yes", "PROJECT:createZone must be true or false"},
		{"delegated", "", "PROJECT:delegated must be true or false"},
		{"alarmQueueAge", "1209601", "PROJECT:alarmQueueAge must be a whole number from 1 to 1209600"},
		{"memry", "256", "PROJECT:memry is not a setting; the settings are " + settingNames(t) + "; remove it with pulumi config rm memry --stack mock"},
	} {
		t.Run(fmt.Sprintf("%s=%.20q", test.key, test.value), func(t *testing.T) {
			t.Parallel()
			settings := with(settingsOf(t, "staging"), test.key+"="+test.value)
			rec, err := deployWith(t, fixture(), settings)
			if err == nil {
				t.Fatal("accepted")
			}
			if want := inProject(t, test.want); !strings.Contains(err.Error(), want) {
				t.Errorf("refused with\n%v\nwant\n%s", err, want)
			}
			if strings.Contains(err.Error(), "\n"+project(t)+":") {
				t.Errorf("refused more than one setting:\n%v", err)
			}
			if len(rec.Resources) > 0 {
				t.Errorf("%d resources were registered", len(rec.Resources))
			}
		})
	}
}

// tenMore returns ten additional domains of staging, as a setting.
func tenMore() string {
	var names []string
	for i := range 10 {
		names = append(names, fmt.Sprintf("%q", fmt.Sprintf("more-%d.staging.example.com", i)))
	}
	return "[" + strings.Join(names, ",") + "]"
}

func TestConfigAccepted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, value string }{
		{"target", "linux/amd64"}, {"target", "host"},
		{"memory", "128"}, {"memory", "10240"},
		{"timeout", "4"}, {"timeout", "29"},
		{"concurrency", "0"}, {"concurrency", "10000"},
		{"logLevel", "error"},
		{"logDays", "1"}, {"logDays", "3653"},
		{"stage", "v1"}, {"stage", strings.Repeat("a", 128)},
		{"autoDeploy", "true"},
		{"profile", "web@prod"}, {"role", "arn:aws:iam::111111111111:role/ci/deploy"},
		{"tags", `{"Team": "web + mobile"}`}, {"tags", `{}`}, {"tags", `null`},
		{"throttleRate", "10000"}, {"throttleBurst", "5000"},
		{"routeThrottles", `{"` + declaredRoutes()[0] + `": {"rate": 10000, "burst": 1}}`},
		{"alarmEmail", ""}, {"alarmErrorPercent", "0"}, {"alarmLatency", "30000"}, {"alarmQueueAge", "1209600"},
		{"corsOrigins", `[]`}, {"corsOrigins", `["*"]`}, {"corsOrigins", `["http://localhost:8080","https://a.example"]`},
		{"authorizationCache", "0"}, {"authorizationCache", "3600"},
		{"secretRecoveryDays", "0"}, {"secretRecoveryDays", "7"}, {"secretRecoveryDays", "30"},
		{"queueVisibility", "60"}, {"queueVisibility", "43200"}, {"queueDays", "14"}, {"queueReceives", "3"}, {"workerConcurrency", "2"},
		{"domain", strings.Repeat("a", 44) + ".staging.example.com"}, {"domain", "staging.example.com"}, {"domain", "a.b.staging.example.com"},
		{"additionalDomains", `["*.staging.example.com"]`}, {"socketDomain", ""}, {"basePath", strings.Repeat("a", 300)}, {"delegated", "false"},
	} {
		t.Run(fmt.Sprintf("%s=%.20q", test.key, test.value), func(t *testing.T) {
			t.Parallel()
			settings := with(settingsOf(t, "staging"), test.key+"="+test.value)
			settings["other:setting"] = "of another program"
			if _, err := deployWith(t, fixture(), settings); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestConfigRefusesAllAtOnce checks that one run reports all wrong settings,
// one a line, including a missing default.
func TestConfigRefusesAllAtOnce(t *testing.T) {
	t.Parallel()
	settings := with(settingsOf(t, "staging"), "memory=1", "timeout=99", "more=x", "aws:profile=web", "aws:region=europe")
	delete(settings, own(settings, "stage"))
	_, err := deployWith(t, fixture(), settings)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"PROJECT:memory must", "PROJECT:timeout must", "PROJECT:more is not a setting",
		"aws:profile has no effect: this program's provider uses only PROJECT:account, profile, role and tags; remove it with pulumi config rm aws:profile --stack mock",
		"aws:region must be a region, such as eu-central-1, not \"europe\"; set it with pulumi config set aws:region VALUE --stack mock",
		"PROJECT:stage is not set and has no default in Pulumi.yaml; set it with pulumi config set stage VALUE --stack mock"} {
		if want = inProject(t, want); !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
}

// TestConfigDeclared checks that Pulumi.yaml declares every setting with type,
// description and default. Only the account has no default, because it differs
// between stacks. The team's stack files set no other setting.
func TestConfigDeclared(t *testing.T) {
	t.Parallel()
	declared, err := workspace.LoadProject(projectFile)
	if err != nil {
		t.Fatal(err)
	}
	for key, setting := range declared.Config {
		name, isOwn := strings.CutPrefix(key, project(t)+":")
		if isOwn && (setting.Type == nil || setting.Description == "" || (setting.Default == nil) != (name == "account")) {
			t.Errorf("%s: type %v, description %q, default %v", key, setting.Type, setting.Description, setting.Default)
		}
	}
	// Without this, a resource without the stack's provider could go to any
	// account.
	if off := fmt.Sprint(declared.Config["pulumi:disable-default-providers"].Value); off != "[aws]" {
		t.Errorf("default providers off: %s", off)
	}
	for stack, path := range rootStacks(t) {
		settings := settingsIn(t, path)
		if settings["aws:region"] == "" || settings[own(settings, "account")] == "" {
			t.Errorf("%s: no aws:region, or no account", stack)
		}
		maps.DeleteFunc(settings, func(key, _ string) bool {
			_, known := declared.Config[key]
			return known || key == "aws:region"
		})
		if len(settings) > 0 {
			t.Errorf("%s: %v is not declared in Pulumi.yaml", stack, settings)
		}
	}
}

// inProject replaces PROJECT: by the name of the project.
func inProject(t *testing.T, sentence string) string {
	t.Helper()
	return strings.ReplaceAll(sentence, "PROJECT:", project(t)+":")
}

// settingNames returns the names of the settings in Pulumi.yaml, as an error
// lists them.
func settingNames(t *testing.T) string {
	t.Helper()
	declared, err := workspace.LoadProject(projectFile)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for key := range declared.Config {
		if name, isOwn := strings.CutPrefix(key, project(t)+":"); isOwn {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// declaredRoutes returns the route keys of the HTTP API, sorted.
func declaredRoutes() (keys []string) {
	for _, f := range fixture().Functions {
		keys = append(append(keys, f.Routes...), f.PublicRoutes...)
	}
	slices.Sort(keys)
	return keys
}
