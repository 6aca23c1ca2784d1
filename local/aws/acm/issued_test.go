package acm

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"skiff/local/store"
)

// handshake serves with a certificate and connects as a client that trusts only
// the authority.
func handshake(t *testing.T, p *plane, certificate *tls.Certificate, name string) error {
	t.Helper()
	data, err := os.ReadFile(p.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		t.Fatalf("%s has no certificate", p.CAFile())
	}
	// Both ends may write at the same time, which would block a connection
	// without buffers.
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*certificate}})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if conn, err := l.Accept(); err == nil {
			_ = conn.(*tls.Conn).HandshakeContext(t.Context())
			_ = conn.Close()
		}
	}()
	defer func() { _ = l.Close(); <-served }()
	client, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name, Time: p.now})
	if err != nil {
		return err
	}
	return client.Close()
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := openPlane(t, dir)
	arn := p.obtain(t, "example.com", "example.com", "*.example.com")
	certificate, err := p.TLS(arn)
	if err != nil {
		t.Fatal(err)
	}
	for name, valid := range map[string]bool{"example.com": true, "api.example.com": true, "a.api.example.com": false, "example.org": false} {
		err := handshake(t, p, certificate, name)
		if (err == nil) != valid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again, err := p.TLS(arn); err != nil || again != certificate {
		t.Errorf("it is read again: %v", err)
	}
	if err := p.db.Close(); err != nil {
		t.Fatal(err)
	}
	p = openPlane(t, dir)
	restarted, err := p.TLS(arn)
	if err != nil || !restarted.Leaf.Equal(certificate.Leaf) {
		t.Errorf("after a restart it is another: %v", err)
	}
	pending, _ := p.request(t, "www.example.com")
	_, err = p.TLS(pending)
	wantFailure(t, "pending", err, pending+" is PENDING_VALIDATION")
	_, err = p.TLS(arn + "0")
	wantFailure(t, "none", err, "Could not find certificate "+arn+"0")
}

func TestKeyAlgorithms(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	for algorithm, bits := range map[string]int{"": 2048, "RSA_2048": 2048, "EC_prime256v1": 256, "EC_secp384r1": 384} {
		certificate, _, err := p.authority.sign([]string{"example.com"}, algorithm, p.now())
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(certificate)
		if err != nil {
			t.Fatal(err)
		}
		var got int
		switch key := parsed.PublicKey.(type) {
		case *rsa.PublicKey:
			got = key.N.BitLen()
		case *ecdsa.PublicKey:
			got = key.Params().BitSize
		}
		if got != bits {
			t.Errorf("%q: %T of %d bits, want %d", algorithm, parsed.PublicKey, got, bits)
		}
	}
}

func TestUsable(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	arn := p.obtain(t, "example.com", "example.com", "*.api.example.com")
	pending, _ := p.request(t, "www.example.com")
	for _, test := range []struct{ arn, domain, region, want string }{
		{arn, "example.com", region, ""},
		{arn, "Example.com", region, ""},
		{arn, "v1.api.example.com", region, ""},
		{arn, "*.api.example.com", region, ""},
		{arn, "api.example.com", region, "is for example.com, *.api.example.com, which does not cover api.example.com"},
		{arn, "a.v1.api.example.com", region, "does not cover"},
		{arn, "www.example.com", region, "does not cover"},
		{arn, "*.example.com", region, "does not cover"},
		{arn, "example.com", "us-east-1", "is in eu-west-1, and a regional domain name in us-east-1 needs one there"},
		{pending, "www.example.com", region, "is PENDING_VALIDATION, not ISSUED"},
		{arn + "0", "example.com", region, "ResourceNotFoundException"},
	} {
		err := p.Usable(test.arn, test.domain, test.region)
		if test.want == "" && err != nil {
			t.Errorf("%s in %s: %v", test.domain, test.region, err)
		}
		if test.want != "" {
			wantFailure(t, test.domain, err, test.want)
		}
		if test.arn == arn+"0" && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("not store.ErrNotFound: %v", err)
		}
	}
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	zone, _ := p.zone(t, "example.com")
	arn, out := p.request(t, "example.com")
	records := p.prove(t, zone, out)
	p.declare(t, ValidationToken, "validation", properties{"certificateArn": arn})
	first, err := p.TLS(arn)
	if err != nil {
		t.Fatal(err)
	}
	p.pass(lifetime - renewal - time.Hour)
	if same, err := p.TLS(arn); err != nil || same != first {
		t.Errorf("renewed before its time: %v", err)
	}
	p.pass(2 * time.Hour)
	second, err := p.TLS(arn)
	if err != nil || second == first || !second.Leaf.NotAfter.After(first.Leaf.NotAfter) {
		t.Fatalf("not renewed: %v", err)
	}
	if err := p.delete(t, "aws:route53/record:Record", records[0]); err != nil {
		t.Fatal(err)
	}
	p.pass(lifetime - time.Hour)
	if same, err := p.TLS(arn); err != nil || same != second || handshake(t, p, same, "example.com") != nil {
		t.Errorf("without its records, before its end: %v", err)
	}
	p.pass(2 * time.Hour)
	_, err = p.TLS(arn)
	wantFailure(t, "without its records, after its end", err, arn+" has expired, and was not renewed: example.com: the zone example.com")
	wantFailure(t, "expired", p.Usable(arn, "example.com", region), "is EXPIRED, not ISSUED")
	p.prove(t, zone, out)
	if third, err := p.TLS(arn); err != nil || handshake(t, p, third, "example.com") != nil {
		t.Errorf("its records are back: %v", err)
	}
}

// TestNewAuthority checks that removing the authority's files makes it issue
// all certificates again.
func TestNewAuthority(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := openPlane(t, dir)
	arn := p.obtain(t, "example.com", "example.com")
	before, err := p.TLS(arn)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{certificateFile, keyFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	p = openPlane(t, dir)
	after, err := p.TLS(arn)
	if err != nil || after.Leaf.Equal(before.Leaf) {
		t.Fatalf("as before: %v", err)
	}
	if err := handshake(t, p, after, "example.com"); err != nil {
		t.Error(err)
	}
}
