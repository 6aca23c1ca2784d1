package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type recordedResponse struct {
	Name    string
	Returns json.RawMessage `json:"function_returns"`
	Raw     string          `json:"function_returns_raw"`
	Client  struct {
		Status  int
		Body    string
		Headers map[string]string
	} `json:"client_receives"`
}

// TestRecordedResponses compares the whole response, with two exceptions. The
// request id is masked. Connection is the server's header, and its absence
// means the same.
func TestRecordedResponses(t *testing.T) {
	t.Parallel()
	var file struct{ Cases []recordedResponse }
	load(t, "response_mapping.json", &file)
	if len(file.Cases) == 0 {
		t.Fatal("no case")
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			payload := string(c.Returns)
			if payload == "" {
				payload = c.Raw
			}
			f := newFixture(t, testStage("GET /"), answering(payload))
			got := f.get(t, "GET", "/")
			if got.status != c.Client.Status || got.body != c.Client.Body {
				t.Errorf("%d %q, recorded %d %q", got.status, got.body, c.Client.Status, c.Client.Body)
			}
			headers := map[string]string{}
			for name := range got.header {
				headers[name] = got.header.Get(name)
			}
			for _, m := range []map[string]string{headers, c.Client.Headers} {
				if requestIDForm.MatchString(m["Apigw-Requestid"]) {
					m["Apigw-Requestid"] = "MASKED"
				}
				delete(m, "Connection")
				delete(m, "Date")
			}
			if diff := cmp.Diff(c.Client.Headers, headers); diff != "" {
				t.Errorf("headers (-recorded +got):\n%s", diff)
			}
		})
	}
}

func TestReadResponse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		payload     string
		status      int
		body        string
		contentType string
	}{
		{`null`, 200, "null", "application/json"},
		{`{}`, 200, "{}", "application/json"},
		{` [1, 2] `, 200, " [1, 2] ", "application/json"},
		{`{"body":"x"}`, 200, `{"body":"x"}`, "application/json"},
		{`{"name":`, 200, `{"name":`, "application/json"},
		{``, 200, "", "application/json"},
		{`{"statusCode":200}`, 200, "", "text/plain; charset=utf-8"},
		{`{"statusCode":200,"headers":null,"cookies":null,"body":null,"isBase64Encoded":null}`, 200, "", "text/plain; charset=utf-8"},
		{`{"statusCode":404,"body":"gone","multiValueHeaders":{"a":["b"]}}`, 404, "gone", "text/plain; charset=utf-8"},
		{`{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, 200, "hi", "text/plain; charset=utf-8"},
		{`{"statusCode":301,"headers":{"location":"/x"}}`, 301, "", "text/plain; charset=utf-8"},
		{`{"statusCode":204}`, 204, "", ""},
		{`{"statusCode":200,"headers":{"x-n":1,"x-b":true,"x-null":null,"content-type":"a/b"}}`, 200, "", "a/b"},
		{`{"statusCode":200.5}`, 0, "", ""},
		{`{"statusCode":200.0}`, 0, "", ""},
		{`{"statusCode":"200"}`, 0, "", ""},
		{`{"statusCode":null}`, 0, "", ""},
		{`{"statusCode":0}`, 0, "", ""},
		{`{"statusCode":99}`, 0, "", ""},
		{`{"statusCode":101}`, 0, "", ""},
		{`{"statusCode":600}`, 0, "", ""},
		{`{"statusCode":-1}`, 0, "", ""},
		{`{"statusCode":99999999999999999999}`, 0, "", ""},
		{`{"statusCode":200,"body":{"a":1}}`, 0, "", ""},
		{`{"statusCode":200,"body":"???","isBase64Encoded":true}`, 0, "", ""},
		{`{"statusCode":200,"isBase64Encoded":"true"}`, 0, "", ""},
		{`{"statusCode":200,"headers":{"a":["b"]}}`, 0, "", ""},
		{`{"statusCode":200,"headers":{"a":"b\r\nset-cookie: c"}}`, 0, "", ""},
		{`{"statusCode":200,"headers":{"a b":"c"}}`, 0, "", ""},
		{`{"statusCode":200,"headers":[]}`, 0, "", ""},
		{`{"statusCode":200,"cookies":"a"}`, 0, "", ""},
		{`{"statusCode":200,"cookies":["a\nb"]}`, 0, "", ""},
	} {
		r, err := readResponse([]byte(c.payload))
		if (err != nil) != (c.status == 0) {
			t.Errorf("%s: error %v", c.payload, err)
			continue
		}
		if err == nil && (r.status != c.status || string(r.body) != c.body || r.header.Get("Content-Type") != c.contentType) {
			t.Errorf("%s: %d %q %v", c.payload, r.status, r.body, r.header)
		}
	}
}

func TestResponseHeaders(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("ANY /"), answering(`{"statusCode":200,"headers":{
		"content-length":"99","connection":"close","transfer-encoding":"chunked","date":"never","apigw-requestid":"forged","x-own":"1"},
		"cookies":["a=1; HttpOnly","b=2"],"body":"hi"}`))
	got := f.get(t, "GET", "/")
	if diff := cmp.Diff([]string{"a=1; HttpOnly", "b=2"}, got.header.Values("Set-Cookie")); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"Content-Length": "2", "Connection": "", "Transfer-Encoding": "", "X-Own": "1"} {
		if got.header.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.header.Get(name), want)
		}
	}
	if id := got.header.Get("Apigw-Requestid"); id != f.last(t).event.RequestContext.RequestID {
		t.Errorf("request id %q is not the event's", id)
	}
	if strings.Contains(got.header.Get("Date"), "never") || got.body != "hi" {
		t.Errorf("%v %q", got.header, got.body)
	}
	headed := f.get(t, http.MethodHead, "/")
	if headed.status != 200 || headed.body != "" || headed.header.Get("Content-Length") != "2" {
		t.Errorf("HEAD: %+v", headed)
	}
}

func TestNoContent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("DELETE /"), answering(`{"statusCode":204,"body":"dropped"}`))
	got := f.get(t, "DELETE", "/")
	if got.status != 204 || got.body != "" || got.header.Get("Content-Length") != "" || got.header.Get("Apigw-Requestid") == "" {
		t.Errorf("%+v", got)
	}
}

func FuzzResponse(f *testing.F) {
	f.Add(`{"statusCode":200,"headers":{"a":"b"},"cookies":["c"],"body":"aGk=","isBase64Encoded":true}`)
	f.Add(`"text"`)
	f.Add(`{"statusCode":1e2}`)
	f.Fuzz(func(t *testing.T, payload string) {
		r, err := readResponse([]byte(payload))
		if err == nil && (r.status < 200 || r.status > 599) {
			t.Fatal("status " + strconv.Itoa(r.status))
		}
		for name, values := range r.header {
			for _, value := range values {
				if err == nil && (!validName(name) || strings.ContainsAny(value, "\r\n")) {
					t.Fatalf("header %q %q", name, value)
				}
			}
		}
	})
}
