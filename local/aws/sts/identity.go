package sts

import (
	"context"
	"encoding/xml"
	"net/url"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
)

type identityResult struct {
	XMLName xml.Name `xml:"GetCallerIdentityResult"`
	ARN     string   `xml:"Arn"`
	UserID  string   `xml:"UserId"`
	Account string
}

// getCallerIdentity returns the identity of the caller's keys. As on AWS, it
// needs no permission
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
func (s *service) getCallerIdentity(_ context.Context, caller iam.Caller, _ url.Values) (any, error) {
	result := identityResult{ARN: caller.ARN, UserID: s.o.Authority.UserID(caller), Account: caller.Account()}
	if result.Account == "" {
		result.ARN, result.Account = arn.WithAccount(caller.ARN, s.o.Account), s.o.Account
	}
	if result.UserID == "" { // the sessions of a deleted role are invalid
		return nil, awserr.New("InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	return result, nil
}
