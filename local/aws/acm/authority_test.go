package acm

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAuthority(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	now := time.Now()
	a, err := openAuthority(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{certificateFile: 0o644, keyFile: 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 {
		t.Errorf("files %v, %v", files, err)
	}
	if c := a.certificate; !c.IsCA || !c.MaxPathLenZero || c.KeyUsage&x509.KeyUsageCertSign == 0 || !c.NotAfter.Equal(now.AddDate(10, 0, 0).UTC().Truncate(time.Second)) {
		t.Errorf("certificate %+v", c)
	}
	again, err := openAuthority(dir, now)
	if err != nil || !again.certificate.Equal(a.certificate) {
		t.Errorf("opened again it is another: %v", err)
	}
	if err := os.Remove(a.file); err != nil { // as after a crash between both writes
		t.Fatal(err)
	}
	crashed, err := openAuthority(dir, now)
	if err != nil || crashed.certificate.CheckSignatureFrom(crashed.certificate) != nil || string(crashed.certificate.RawSubjectPublicKeyInfo) != string(a.certificate.RawSubjectPublicKeyInfo) {
		t.Errorf("with its key alone: %v", err)
	}
}

// TestWriteFails checks that a failed write leaves no file behind.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, certificateFile)
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writePEM(file, "CERTIFICATE", nil, 0o644); err == nil {
		t.Error("written over a folder")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("files %v, %v", files, err)
	}
}

func TestBadAuthority(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, dir, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const again = "remove ca-key.pem and "
	for name, test := range map[string]struct {
		spoil func(t *testing.T, dir string)
		after time.Duration
		want  []string
	}{
		"no key": {func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
				t.Fatal(err)
			}
		}, 0, []string{"ca.pem has no key beside it", again}},
		"no PEM": {func(t *testing.T, dir string) { write(t, dir, certificateFile, "text") }, 0, []string{"ca.pem has no CERTIFICATE"}},
		"no certificate": {func(t *testing.T, dir string) {
			write(t, dir, certificateFile, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		}, 0, []string{"ca.pem: x509", again}},
		"no private key": {func(t *testing.T, dir string) {
			write(t, dir, keyFile, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
		}, 0, []string{"ca-key.pem is not a private key", again}},
		"another kind": {func(t *testing.T, dir string) {
			write(t, dir, keyFile, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		}, 0, []string{"ca-key.pem has no PRIVATE KEY"}},
		"another key": {func(t *testing.T, dir string) {
			if _, err := makeKey(dir); err != nil {
				t.Fatal(err)
			}
		}, 0, []string{"ca.pem is not the certificate of the key beside it", again}},
		"a key of another kind": {func(t *testing.T, dir string) {
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				t.Fatal(err)
			}
			der, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			if err := writePEM(filepath.Join(dir, keyFile), "PRIVATE KEY", der, 0o600); err != nil {
				t.Fatal(err)
			}
		}, 0, []string{"ca.pem is not the certificate of the key beside it"}},
		"expired": {func(*testing.T, string) {}, 11 * 365 * 24 * time.Hour, []string{"ca.pem has expired", again}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if _, err := openAuthority(dir, time.Now()); err != nil {
				t.Fatal(err)
			}
			test.spoil(t, dir)
			_, err := New(Options{Dir: dir, Now: func() time.Time { return time.Now().Add(test.after) }})
			wantFailure(t, name, err, append(test.want, "the local certificate authority: ")...)
		})
	}
}
