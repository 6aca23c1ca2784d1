package api

import (
	"bytes"
	"encoding/json"
)

// Respond returns a response with a JSON body. If body is empty, the response
// has no body.
func Respond(status int, body []byte) Response {
	headers := map[string]string{"X-Content-Type-Options": "nosniff"}
	if len(body) > 0 {
		headers["Content-Type"] = "application/json"
	}
	return Response{StatusCode: status, Headers: headers, Body: string(body)}
}

// RespondJSON returns a response whose body is v as JSON. Unlike json.Marshal,
// it does not escape <, > and &. It fails when v cannot be encoded, such as a
// channel.
func RespondJSON(status int, v any) (Response, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return Response{}, err
	}
	return Respond(status, bytes.TrimSuffix(body.Bytes(), []byte("\n"))), nil
}
