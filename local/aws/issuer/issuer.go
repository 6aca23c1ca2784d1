// Package issuer replaces every issuer of JSON Web Tokens, because a laptop
// that works offline cannot fetch the keys of a real one. It has one key,
// stored in the local cloud's folder, and signs for every issuer that a claim
// names.
//
// It does not check claims: the authorizer that accepts a token does.
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

// algorithm works with every issuer that API Gateway accepts, because API
// Gateway supports only RSA
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html).
const algorithm = jose.RS256

const (
	keyFile  = "issuer.pem"
	keyBits  = 2048
	pemBlock = "PRIVATE KEY"
)

// Reasons to refuse a token. ErrSegments has API Gateway's own text, which
// people search for.
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
	id  string // id of the key: the kid of a token
}

// Open reads the key in dir. It creates the folder and the key if they are
// missing. Processes that open the same folder share the key.
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
		return nil, fmt.Errorf("the key in %s: %w; delete the file and a new key is created; earlier tokens then become invalid", file, err)
	}
	return i, nil
}

// create writes a new key unless another process is first. A link, unlike a
// rename, does not replace an existing file, and the file is always complete.
func create(file string) error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	// CreateTemp creates it with mode 0600, so only the owner can read the key.
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
		return nil, errors.New("it is not the PEM of a private key")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("it is not an RSA key")
	}
	public := jose.JSONWebKey{Key: key.Public()}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return &Issuer{key: key, id: base64.RawURLEncoding.EncodeToString(thumbprint)}, nil
}

// Claims are the claims of a token, named as in RFC 7519 and, for scopes, RFC
// 8693.
type Claims struct {
	Issuer, Audience string
	Subject          string   // may be empty
	Scopes           []string // may be empty
	Issued, Expires  time.Time
}

// Sign signs a token. It refuses one that no authorizer would accept: without
// an issuer or an audience, or with an expiry before its issue.
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

// Verify returns the claims of a token that this key has signed. Numbers are
// json.Number, which keeps their digits. It checks no claim, so it also
// verifies an expired token. The error is ErrSegments, ErrMalformed,
// ErrAlgorithm, ErrKey or ErrSignature.
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
