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

// getCallerIdentity tells whose keys have signed the call. No policy is asked:
// nobody is denied it
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
func (s *service) getCallerIdentity(_ context.Context, caller iam.Caller, _ url.Values) (any, error) {
	result := identityResult{ARN: caller.ARN, UserID: s.o.Authority.UserID(caller), Account: caller.Account()}
	if result.Account == "" {
		result.ARN, result.Account = arn.WithAccount(caller.ARN, s.o.Account), s.o.Account
	}
	if result.UserID == "" { // a role that is gone takes its sessions along
		return nil, awserr.New("InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	return result, nil
}
