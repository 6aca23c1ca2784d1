// Package awsquery serves signed calls of the Query protocol: a POST of a form with
// the name of the action, answered in XML
// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
package awsquery
