package acm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// The authority's certificate, which clients trust, and its private key.
// Whoever has the key can pose as any host to these clients, so only its owner
// may read the file.
const (
	certificateFile = "ca.pem"
	keyFile         = "ca-key.pem"
)

// authority is the certificate authority of this machine. It is created once,
// because clients must trust its certificate.
type authority struct {
	file        string
	certificate *x509.Certificate
	key         crypto.Signer
}

// openAuthority reads the authority in dir, or creates one. After a crash there
// may be a key without a certificate.
func openAuthority(dir string, now time.Time) (*authority, error) {
	a := &authority{file: filepath.Join(dir, certificateFile)}
	again := fmt.Sprintf("remove %s and %s: a new authority is then created; trust its certificate", keyFile, a.file)
	key, err := readPEM(filepath.Join(dir, keyFile), "PRIVATE KEY")
	known, certificateErr := readPEM(a.file, "CERTIFICATE")
	switch {
	case errors.Is(err, fs.ErrNotExist) && errors.Is(certificateErr, fs.ErrNotExist):
		key, err = makeKey(dir)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s has no key beside it: %s", a.file, again)
	}
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(key)
	signer, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s is not a private key: %s", filepath.Join(dir, keyFile), again)
	}
	a.key = signer
	if errors.Is(certificateErr, fs.ErrNotExist) {
		known, certificateErr = makeCertificate(a.file, signer, now)
	}
	if certificateErr != nil {
		return nil, certificateErr
	}
	if a.certificate, err = x509.ParseCertificate(known); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", a.file, err, again)
	}
	if public, ok := signer.Public().(*ecdsa.PublicKey); !ok || !public.Equal(a.certificate.PublicKey) {
		return nil, fmt.Errorf("%s is not the certificate of the key beside it: %s", a.file, again)
	}
	if now.After(a.certificate.NotAfter) {
		return nil, fmt.Errorf("%s has expired: %s", a.file, again)
	}
	return a, nil
}

func makeKey(dir string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return der, writePEM(filepath.Join(dir, keyFile), "PRIVATE KEY", der, 0o600)
}

// makeCertificate creates the authority's own certificate, valid for ten years.
// It may sign any name, because later stacks may have any names.
func makeCertificate(file string, key crypto.Signer, now time.Time) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{Organization: []string{"local cloud"}, CommonName: "local certificate authority"},
		NotBefore:             now.Add(-time.Hour), // clocks may differ
		NotAfter:              now.AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return der, writePEM(file, "CERTIFICATE", der, 0o644)
}

// lifetime is how long an issued certificate is valid. renewal is how long
// before its expiry it is renewed
// (https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html).
const (
	lifetime = 198 * 24 * time.Hour
	renewal  = 60 * 24 * time.Hour
)

// sign creates a key and a certificate for names.
func (a *authority) sign(names []string, algorithm string, now time.Time) (certificate, key []byte, err error) {
	private, err := generate(algorithm)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: names[0]},
		DNSNames:     names,
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if certificate, err = x509.CreateCertificate(rand.Reader, template, a.certificate, private.Public(), a.key); err != nil {
		return nil, nil, err
	}
	key, err = x509.MarshalPKCS8PrivateKey(private)
	return certificate, key, err
}

func generate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "EC_prime256v1":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EC_secp384r1":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, 2048)
}

// serial returns a random number of 127 bits, which is never 0 and never
// negative in DER.
func serial() *big.Int {
	n := make([]byte, 16)
	rand.Read(n)
	n[0] = n[0]&0x7f | 0x40
	return new(big.Int).SetBytes(n)
}

func readPEM(file, kind string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s has no %s", file, kind)
	}
	return block.Bytes, nil
}

// writePEM writes the file completely or not at all.
func writePEM(file, kind string, der []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
