package apigateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// certificates are the certificates of a test, by ARN. One is usable for the
// name that its ARN ends in, in eu-west-1.
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

// selfSigned makes a certificate of one name and a pool that trusts it.
func selfSigned(t *testing.T, name string) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
