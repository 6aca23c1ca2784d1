package endpoint

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Code is the error code, which S3 uses for calls that it does not implement
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). No SDK
// retries a 501.
const Code = "NotImplemented"

// call is a request to a service that the local cloud does not have.
type call struct {
	service   string // the service in its signature; "" if nothing names one
	operation string // "" if only the path names it
	protocol  func(w http.ResponseWriter, c call, message string)
}

// Refuse answers a request to a missing service, which its signature names. The
// message lists the services in has.
func Refuse(w http.ResponseWriter, r *http.Request, service string, has []string) {
	c := read(r, service)
	c.protocol(w, c, c.message(r, has))
}

func (c call) message(r *http.Request, has []string) string {
	what := c.operation
	if what == "" {
		what = r.Method + " " + r.URL.Path
	}
	if c.service == "" {
		return fmt.Sprintf("the local cloud cannot find the service of %s: it is not signed and names no service; the local cloud has %s", what, strings.Join(has, ", "))
	}
	return fmt.Sprintf("the local cloud does not have the service %s (%s): it has %s. Nothing has left this machine. "+
		"To get an answer, run an emulator of the service on this machine and set AWS_ENDPOINT_URL_SERVICE=http://127.0.0.1:PORT; for a function, set it among the function's variables",
		title(c.service), what, strings.Join(has, ", "))
}

// read finds the operation and the protocol of a request
// (https://smithy.io/2.0/aws/protocols/index.html).
func read(r *http.Request, service string) call {
	c := call{service: service, protocol: restJSON}
	target := r.Header.Get("X-Amz-Target")
	form := strings.HasPrefix(r.Header.Get("Content-Type"), formMedia)
	switch smithy := r.Header.Get("Smithy-Protocol"); {
	case smithy == "rpc-v2-cbor":
		c.operation, c.protocol = r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], rpcCBOR
	case smithy != "":
		c.operation = r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	case target != "":
		c.operation, c.protocol = target[strings.LastIndexByte(target, '.')+1:], awsJSON(r.Header.Get("Content-Type"))
	case form || r.URL.Query().Has("Action"):
		c.operation, c.protocol = actionOf(r), query
	case strings.HasPrefix(service, "s3"):
		c.protocol = objectXML
	case slices.Contains([]string{"cloudfront", "route53"}, service):
		c.protocol = query // the errors of REST-XML have the same form
	}
	if service == "ec2" {
		c.protocol = ec2
	}
	return c
}

func write(w http.ResponseWriter, media string, body []byte) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(http.StatusNotImplemented)
	_, _ = w.Write(body) // fails only if the client is gone
}

// inJSON returns an error in JSON. Services differ in the case of the name
// "message".
func inJSON(members map[string]string) []byte {
	data, _ := json.Marshal(members) // strings always marshal
	return data
}

func awsJSON(media string) func(http.ResponseWriter, call, string) {
	if !strings.HasPrefix(media, "application/x-amz-json-") {
		media = "application/x-amz-json-1.1"
	}
	return func(w http.ResponseWriter, _ call, message string) {
		write(w, media, inJSON(map[string]string{"__type": Code, "message": message, "Message": message}))
	}
}

func restJSON(w http.ResponseWriter, _ call, message string) {
	w.Header().Set("X-Amzn-Errortype", Code)
	write(w, "application/json", inJSON(map[string]string{"code": Code, "message": message, "Message": message}))
}

// rpcCBOR answers in the form of
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html.
func rpcCBOR(w http.ResponseWriter, _ call, message string) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	write(w, "application/cbor", cbor.Encode(cbor.Map{"__type": cbor.String(Code), "message": cbor.String(message)}))
}

// fault is an error in XML.
type fault struct {
	Type    string `xml:",omitempty"`
	Code    string
	Message string
}

// query answers in the form of
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html. Services other
// than S3 use the same form in
// https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html.
func query(w http.ResponseWriter, _ call, message string) {
	inXML(w, struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Error     fault
		RequestID string `xml:"RequestId"`
	}{Error: fault{"Sender", Code, message}, RequestID: requestID})
}

// ec2 answers in the form of
// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html.
func ec2(w http.ResponseWriter, _ call, message string) {
	inXML(w, struct {
		XMLName   xml.Name `xml:"Response"`
		Errors    []fault  `xml:"Errors>Error"`
		RequestID string   `xml:"RequestID"`
	}{Errors: []fault{{"", Code, message}}, RequestID: requestID})
}

// objectXML answers in the form of S3 and of services signed like S3.
func objectXML(w http.ResponseWriter, _ call, message string) {
	inXML(w, struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		RequestID string `xml:"RequestId"`
	}{Code: Code, Message: message, RequestID: requestID})
}

// requestID is a placeholder, because no service has seen the request.
const requestID = "00000000-0000-0000-0000-000000000000"

func inXML(w http.ResponseWriter, body any) {
	var out bytes.Buffer
	out.WriteString(xml.Header)
	_ = xml.NewEncoder(&out).Encode(body) // strings always marshal
	write(w, "text/xml", out.Bytes())
}
