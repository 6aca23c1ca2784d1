package apigateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
)

// certificates are the certificates of a test, by ARN. Each is usable in
// eu-west-1 for the name at the end of its ARN.
type certificates map[string]*tls.Certificate

func certificateARN(name string) string {
	return "arn:aws:acm:eu-west-1:111111111111:certificate/" + name
}

func (c certificates) Usable(arn, domainName, region string) error {
	if region != "eu-west-1" || !strings.HasSuffix(arn, "/"+domainName) {
		return fmt.Errorf("certificate %s is not for %s in %s", arn, domainName, region)
	}
	return nil
}

func (c certificates) TLS(arn string) (*tls.Certificate, error) {
	if found, ok := c[arn]; ok {
		return found, nil
	}
	return nil, errors.New("there is no certificate " + arn)
}
