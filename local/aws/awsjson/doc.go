// Package awsjson serves signed calls of the protocols AWS JSON 1.0 and 1.1: a
// POST whose X-Amz-Target names the operation and whose body is its input
// (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html).
package awsjson
