// Package issuer stands in for every issuer of JSON Web Tokens: a laptop that
// works offline cannot fetch the keys of a real one. It has one key, kept in the
// local cloud's folder, and signs for whatever issuer a claim names.
//
// What a token says is not its concern: who trusts it checks the claims.
package issuer

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// algorithm is the one that every issuer API Gateway takes has: it knows RSA
// only
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html).
const algorithm = jose.RS256

const (
	keyFile  = "issuer.pem"
	keyBits  = 2048
	pemBlock = "PRIVATE KEY"
)

// Reasons to refuse a token. The first is in the words of API Gateway, which
// people post where they ask for help.
var (
	ErrSegments  = errors.New("token contains an invalid number of segments")
	ErrMalformed = errors.New("the token is malformed")
	ErrAlgorithm = errors.New("the token is not signed with RS256")
	ErrKey       = errors.New("the token is signed with a key that the issuer does not have")
	ErrSignature = errors.New("the token has an invalid signature")
)

// Issuer signs and verifies tokens. It is safe for concurrent use.
type Issuer struct {
	key *rsa.PrivateKey
	id  string // of the key, the kid of a token
}

// Open reads the key in dir and makes both if they are not there. Several
// processes that open one folder share the key.
func Open(dir string) (*Issuer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, keyFile)
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		if err := create(file); err != nil {
			return nil, fmt.Errorf("make the key that signs tokens: %w", err)
		}
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key that signs tokens: %w", err)
	}
	i, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("the key in %s: %w; delete the file and a new one is made, by which the tokens signed so far end", file, err)
	}
	return i, nil
}

// create writes a new key, unless another process is first: a link, unlike a
// rename, does not replace what is there, and the file is never half written.
func create(file string) error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	// CreateTemp makes it 0600: a key is its owner's alone.
	temp, err := os.CreateTemp(filepath.Dir(file), keyFile+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if err := errors.Join(pem.Encode(temp, &pem.Block{Type: pemBlock, Bytes: der}), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), file); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

func parse(data []byte) (*Issuer, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != pemBlock {
		return nil, errors.New("it is no PEM of a private key")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("it is no RSA key")
	}
	public := jose.JSONWebKey{Key: key.Public()}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return &Issuer{key: key, id: base64.RawURLEncoding.EncodeToString(thumbprint)}, nil
}

// Claims are what a token says, by the names of RFC 7519 and, for scopes, RFC
// 8693.
type Claims struct {
	Issuer, Audience string
	Subject          string   // may be empty
	Scopes           []string // may be empty
	Issued, Expires  time.Time
}

// Sign makes a token. It refuses one that no authorizer could take: without an
// issuer or an audience, or one that ends before it begins.
func (i *Issuer) Sign(c Claims) (string, error) {
	switch {
	case c.Issuer == "":
		return "", errors.New("a token needs an issuer")
	case c.Audience == "":
		return "", errors.New("a token needs an audience")
	case !c.Expires.After(c.Issued):
		return "", fmt.Errorf("a token issued at %s cannot expire at %s", c.Issued.UTC().Format(time.RFC3339), c.Expires.UTC().Format(time.RFC3339))
	}
	payload, err := json.Marshal(struct {
		Issuer   string `json:"iss"`
		Audience string `json:"aud"`
		Subject  string `json:"sub,omitempty"`
		Scope    string `json:"scope,omitempty"`
		Issued   int64  `json:"iat"`
		Expires  int64  `json:"exp"`
	}{c.Issuer, c.Audience, c.Subject, strings.Join(c.Scopes, " "), c.Issued.Unix(), c.Expires.Unix()})
	if err != nil {
		return "", err
	}
	return i.sign(payload)
}

func (i *Issuer) sign(payload []byte) (string, error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: i.key, KeyID: i.id}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	object, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return object.CompactSerialize()
}

// Verify tells the claims of a token that this key has signed. Numbers come as
// json.Number, which keeps their digits. It looks at no claim, so a token that
// has expired is verified too. The error is one of those above.
func (i *Issuer) Verify(token string) (claims map[string]any, err error) {
	if strings.Count(token, ".") != 2 {
		return nil, ErrSegments
	}
	object, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algorithm})
	var wrong *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &wrong):
		return nil, ErrAlgorithm
	case err != nil:
		return nil, ErrMalformed
	case object.Signatures[0].Protected.KeyID != i.id:
		return nil, ErrKey
	}
	payload, err := object.Verify(i.key.Public())
	if err != nil {
		return nil, ErrSignature
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	if d.Decode(&claims) != nil || claims == nil || d.More() {
		return nil, ErrMalformed
	}
	return claims, nil
}
