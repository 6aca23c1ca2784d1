package main

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/recording"
	"skiff/internal/rehearsal"
)

// throughAWS reports whether a provider is the program's own.
func throughAWS(provider string) bool {
	return strings.HasPrefix(provider, "urn:pulumi:mock::") && strings.HasSuffix(provider, "::pulumi:providers:aws::aws::pulumi-id of aws")
}

// cloud answers in place of AWS.
type cloud struct {
	project    string            // the prefix of names
	caller     string            // account of the credentials
	refusal    error             // the provider's error for the caller's identity
	zones      []string          // existing zones of Route 53
	parameters map[string]string // of Parameter Store, by name
}

// Create returns ids, ARNs and names that tests recognize in the inputs of
// other resources.
func (c cloud) Create(args pulumi.MockResourceArgs) (string, map[string]any) {
	last := args.TypeToken[strings.LastIndexByte(args.TypeToken, '/')+1:]
	kind, _, _ := strings.Cut(last, ":")
	service, _, _ := strings.Cut(strings.TrimPrefix(args.TypeToken, "aws:"), "/")
	arn := fmt.Sprintf("arn:aws:%s:mock:123456789012:%s/%s", service, kind, args.Name)
	outputs := map[string]any{
		"name":         c.project + "-mock-" + args.Name + "-0000000",
		"arn":          arn,
		"invokeArn":    arn + "/invocations",
		"executionArn": "arn:aws:execute-api:mock:123456789012:" + args.Name,
		"stdout":       "sha256 of " + args.Name,
		"url":          "https://" + service + ".mock.amazonaws.com/123456789012/" + args.Name,
	}
	switch args.TypeToken {
	case tableType:
		if args.Inputs["streamEnabled"].IsBool() {
			outputs["streamArn"] = arn + "/stream/2026"
		}
	case bucketType:
		outputs["bucket"], outputs["arn"] = outputs["name"], fmt.Sprint("arn:aws:s3:::", outputs["name"])
	case apiType:
		scheme := map[string]string{"HTTP": "https", "WEBSOCKET": "wss"}[args.Inputs["protocolType"].StringValue()]
		outputs["apiEndpoint"] = scheme + "://" + args.Name + ".execute-api.mock.amazonaws.com"
	case zoneType:
		outputs["zoneId"], outputs["nameServers"] = "zone-id of "+args.Name, nameServers()
	case recordType:
		outputs["fqdn"] = args.Inputs["name"].StringValue()
	case domainType:
		outputs["domainNameConfiguration"] = map[string]any{
			"targetDomainName": args.Name + ".target.mock.amazonaws.com", "hostedZoneId": "zone-id of API Gateway",
		}
	case certificateType:
		outputs["domainValidationOptions"] = validations(args.Inputs)
	}
	return kind + "-id of " + args.Name, outputs
}

// validations returns the validation records of a certificate. A name and its
// wildcard have the same record.
func validations(certificate resource.PropertyMap) (all []any) {
	names := []resource.PropertyValue{certificate["domainName"]}
	if more := certificate["subjectAlternativeNames"]; more.IsArray() {
		names = append(names, more.ArrayValue()...)
	}
	for _, name := range names {
		base := strings.TrimPrefix(name.StringValue(), "*.")
		all = append(all, map[string]any{"domainName": name.StringValue(), "resourceRecordName": "_proof." + base,
			"resourceRecordType": "CNAME", "resourceRecordValue": "_of-" + base + ".acm-validations.aws"})
	}
	return all
}

func nameServers() []any { return []any{"ns-1.mock.example", "ns-2.mock.example"} }

// Call answers the functions that the program calls: for the caller's account,
// for zones and for parameters. It accepts only the stack's provider.
func (c cloud) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if !throughAWS(args.Provider) {
		return nil, fmt.Errorf("call of %s through %q", args.Token, args.Provider)
	}
	name := args.Args["name"]
	found := map[string]any{}
	switch args.Token {
	case "aws:index/getCallerIdentity:getCallerIdentity":
		found["accountId"] = c.caller
		return resource.NewPropertyMapFromMap(found), c.refusal
	case "aws:route53/getZone:getZone":
		if args.Args.HasValue("zoneId") { // an existing zone, or one that the program created
			found["nameServers"] = nameServers()
			break
		}
		if !slices.Contains(c.zones, name.StringValue()) {
			return nil, fmt.Errorf("no matching Route 53 Hosted Zone found")
		}
		found["zoneId"], found["nameServers"] = "zone-id of "+name.StringValue(), nameServers()
	case "aws:ssm/getParameter:getParameter":
		value, ok := c.parameters[name.StringValue()]
		if !ok {
			return nil, fmt.Errorf("couldn't find resource")
		}
		found["value"] = value
	default:
		return nil, fmt.Errorf("call of %s", args.Token)
	}
	return resource.NewPropertyMapFromMap(found), nil
}

// TestMain runs a DNS server for the cloud's zones.
func TestMain(m *testing.M) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go (&dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(answerDNS)}).ActivateAndServe()
	os.Setenv(rehearsal.ResolverVariable, conn.LocalAddr().String())
	recording.Main(m)
}

// answerDNS answers with the cloud's name servers for every zone, except for
// names below undelegated.example.
func answerDNS(w dns.ResponseWriter, question *dns.Msg) {
	answer := new(dns.Msg).SetReply(question)
	answer.Authoritative, answer.RecursionAvailable = true, true
	name := question.Question[0].Name
	if strings.HasSuffix(name, "undelegated.example.") {
		answer.Rcode = dns.RcodeNameError
	} else {
		for _, server := range nameServers() {
			answer.Answer = append(answer.Answer, &dns.NS{Ns: fmt.Sprint(server, "."),
				Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 60}})
		}
	}
	w.WriteMsg(answer)
}
