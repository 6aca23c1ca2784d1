package inspect

import (
	"strconv"
	"testing"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/iam"
)

// BenchmarkRecorder measures the recorder's work for a request with an
// authorizer and two calls.
func BenchmarkRecorder(b *testing.B) {
	r := NewRecorder()
	for n := range b.N {
		id := strconv.Itoa(n)
		for _, kind := range []string{"authorizer", "request"} {
			i := invocation(id+kind, kind, id)
			r.Call(i.Trace, iam.Use{Action: "dynamodb:PutItem"})
			r.Invocation(i)
		}
		r.Exchange(httpapi.Exchange{ID: id})
	}
}
