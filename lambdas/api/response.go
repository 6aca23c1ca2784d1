package api

import (
	"bytes"
	"encoding/json"
)

// Respond returns an answer with a JSON body, or without a body for an empty
// one.
func Respond(status int, body []byte) Response {
	headers := map[string]string{"X-Content-Type-Options": "nosniff"}
	if len(body) > 0 {
		headers["Content-Type"] = "application/json"
	}
	return Response{StatusCode: status, Headers: headers, Body: string(body)}
}

// RespondJSON returns an answer whose body is v as encoding/json writes it,
// except that <, > and & stay as they are. It fails when v has no form in JSON,
// such as a channel.
func RespondJSON(status int, v any) (Response, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return Response{}, err
	}
	return Respond(status, bytes.TrimSuffix(body.Bytes(), []byte("\n"))), nil
}
