package endpoint

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
)

// request returns a call with headers, given as names and values in turn.
func request(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func signed(scope string) string {
	return "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/" + scope + "/aws4_request, SignedHeaders=host, Signature=0"
}

// TestScope checks that each form of a call names its service.
func TestScope(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded; charset=utf-8"
	for _, test := range []struct {
		r    *http.Request
		want string
	}{
		{request("POST", "/", "{}", "Authorization", signed("kinesis"), "X-Amz-Target", "Kinesis_20131202.PutRecord"), "kinesis"},
		{request("POST", "/", "{}", "Authorization", "AWS4-ECDSA-P256-SHA256 Credential=AKID/20260101/events/aws4_request, SignedHeaders=host, Signature=0"), "events"},
		{request("GET", "/b/k?X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature=0", ""), "s3"},
		{request("OPTIONS", "/b/k", ""), "s3"},
		{request("GET", "/b/k", ""), "s3"},
		{request("POST", "/b", "--x--", "Content-Type", "multipart/form-data; boundary=x"), "s3"},
		{request("POST", "/", "{}", "X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth"), "cognito-idp"},
		{request("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "", "Smithy-Protocol", "rpc-v2-cbor"), "GraniteServiceVersion20100801"},
		{request("POST", "/", "Version=2011-06-15&Action=AssumeRoleWithWebIdentity", "Content-Type", form), "sts"},
		{request("POST", "/", "Action=Publish", "Content-Type", form), ""},
		{request("POST", "/model/m/converse", "{}", "Authorization", "Bearer key", "Content-Type", "application/json"), "bedrock"},
		{request("POST", "/token", "{}", "Content-Type", "application/json"), ""},
		{request("POST", "/", "", "Authorization", "AWS4-HMAC-SHA256 Credential=broken"), ""},
	} {
		if got := Scope(test.r); got != test.want {
			t.Errorf("%s %s %v is for %q, want %q", test.r.Method, test.r.URL, test.r.Header, got, test.want)
		}
	}
	r := request("POST", "/", "Action=AssumeRoleWithWebIdentity&A=b", "Content-Type", form)
	if Scope(r); r.ParseForm() != nil || r.PostForm.Get("A") != "b" {
		t.Errorf("the form after Scope: %v", r.PostForm)
	}
}

// TestRefuse parses the response of each protocol as a client does.
func TestRefuse(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded; charset=utf-8"
	type document struct {
		XMLName       xml.Name
		Code, Message string // in S3's form
		Error         struct{ Code, Message string }
		Errors        struct {
			Error struct{ Code, Message string }
		}
	}
	inXML := func(code, message func(document) string, root string) func(*testing.T, *http.Response, []byte) (string, string) {
		return func(t *testing.T, _ *http.Response, body []byte) (string, string) {
			var d document
			if err := xml.Unmarshal(body, &d); err != nil || d.XMLName.Local != root {
				t.Errorf("%v: %s", err, body)
			}
			return code(d), message(d)
		}
	}
	ofQuery := inXML(func(d document) string { return d.Error.Code }, func(d document) string { return d.Error.Message }, "ErrorResponse")
	inJSON := func(t *testing.T, r *http.Response, body []byte) (string, string) {
		var m map[string]string
		if err := json.Unmarshal(body, &m); err != nil || m["Message"] != m["message"] {
			t.Errorf("%v: %s", err, body)
		}
		return m["__type"] + r.Header.Get("X-Amzn-Errortype"), m["message"]
	}
	for _, test := range []struct {
		r             *http.Request
		service, want string
		media         string
		read          func(*testing.T, *http.Response, []byte) (code, message string)
	}{
		{request("POST", "/", "{}", "X-Amz-Target", "Kinesis_20131202.PutRecord", "Content-Type", "application/x-amz-json-1.1"), "kinesis", "Kinesis Data Streams, kinesis (PutRecord)", "application/x-amz-json-1.1", inJSON},
		{request("POST", "/", "{}", "X-Amz-Target", "AWSStepFunctions.StartExecution", "Content-Type", "application/x-amz-json-1.0"), "states", "Step Functions, states (StartExecution)", "application/x-amz-json-1.0", inJSON},
		{request("POST", "/v2/email/outbound-emails", "{}"), "ses", "SES, ses (POST /v2/email/outbound-emails)", "application/json", inJSON},
		{request("POST", "/", "Action=Publish&Version=2010-03-31", "Content-Type", form), "sns", "SNS, sns (Publish)", "text/xml", ofQuery},
		{request("GET", "/2013-04-01/hostedzone", ""), "route53", "Route 53, route53 (GET /2013-04-01/hostedzone)", "text/xml", ofQuery},
		{request("POST", "/", "Action=DescribeInstances", "Content-Type", form), "ec2", "EC2, ec2 (DescribeInstances)", "text/xml",
			inXML(func(d document) string { return d.Errors.Error.Code }, func(d document) string { return d.Errors.Error.Message }, "Response")},
		{request("GET", "/b--x-s3?session", ""), "s3express", "S3 Express, s3express (GET /b--x-s3)", "text/xml",
			inXML(func(d document) string { return d.Code }, func(d document) string { return d.Message }, "Error")},
		{request("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "", "Smithy-Protocol", "rpc-v2-cbor"), "monitoring", "CloudWatch, monitoring (PutMetricData)", "application/cbor",
			func(t *testing.T, r *http.Response, body []byte) (string, string) {
				v, err := cbor.Decode(body)
				m, ok := v.(cbor.Map)
				if err != nil || !ok || r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
					t.Fatalf("%v %v %v", v, err, r.Header)
				}
				return string(m["__type"].(cbor.String)), string(m["message"].(cbor.String))
			}},
	} {
		w := httptest.NewRecorder()
		Refuse(w, test.r, test.service, []string{"S3", "SQS"})
		response := w.Result()
		if response.StatusCode != http.StatusNotImplemented || response.Header.Get("Content-Type") != test.media {
			t.Errorf("%s: %d %v", test.want, response.StatusCode, response.Header)
		}
		code, message := test.read(t, response, w.Body.Bytes())
		if code != Code || !strings.HasPrefix(message, "the local cloud does not have the service "+test.want+": it has S3, SQS. ") {
			t.Errorf("%s: %q %q", test.want, code, message)
		}
	}
	w := httptest.NewRecorder()
	Refuse(w, request("POST", "/token", "{}"), "", []string{"S3"})
	if !strings.Contains(w.Body.String(), "the service of POST /token") {
		t.Error(w.Body)
	}
}
