package iam

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/store"
)

// Credentials are temporary keys of a function's role, of an assumed role, or
// of the operator of this machine.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
}

// Caller identifies who signed a request.
type Caller struct {
	RoleARN string
	ARN     string // of the session: arn:aws:sts::…:assumed-role/ROLE/FUNCTION
	Region  string // the region in the signature; "" without a signature
	Trace   string // X-Amzn-Trace-Id of the request, which SDKs send from a function; decides nothing

	administrator bool // is allowed everything in every account
	program       bool // the session runs a Pulumi program, not a function
}

// Account returns the account of the caller's role, 12 digits, or "" for the
// administrator, who belongs to no account.
func (c Caller) Account() string {
	account, _ := splitRole(c.RoleARN)
	return account
}

// Authority issues keys and authorizes calls by the policies in the store. It
// is safe for concurrent use.
type Authority struct {
	db     *store.Store
	record func(Use)                 // is called for every decision; may be nil
	watch  func(trace string, u Use) // see Watch
	now    func() time.Time

	mu         sync.Mutex
	keys       map[string]key // by access key id
	generation uint64
	rights     map[string]rights // by role ARN, as of generation
	decisions  decisions
	seen       map[Use]bool
	warned     map[string]bool // missing boundaries that a warning was logged for
}

type key struct {
	Credentials
	caller  Caller
	expires time.Time  // zero: valid as long as the process runs
	signer  *v4.Signer // caches the signing keys
}

// NewAuthority returns an Authority for the roles in db. It calls record once
// for each distinct use.
func NewAuthority(db *store.Store, record func(Use)) *Authority {
	return &Authority{db: db, record: record, now: time.Now, keys: map[string]key{}, seen: map[Use]bool{}, warned: map[string]bool{}}
}

// Issue returns keys for a session of a role, as Lambda issues them to a
// function. They are valid as long as the process runs.
func (a *Authority) Issue(roleARN, session string) Credentials {
	return a.issue(Session(roleARN, session), time.Time{})
}

// IssueAdministrator returns keys for the commands of this machine's operator,
// who is allowed everything in every account. Their use is not recorded,
// because it does not show what a function needs.
func (a *Authority) IssueAdministrator() Credentials {
	return a.issue(Caller{ARN: arn.New("iam", "", "", "user/administrator"), administrator: true}, time.Time{})
}

func (a *Authority) issue(caller Caller, expires time.Time) Credentials {
	c := Credentials{
		AccessKeyID:     "ASIA" + rand.Text()[:16],
		SecretAccessKey: rand.Text() + rand.Text()[:14],
		SessionToken:    rand.Text() + rand.Text(),
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys[c.AccessKeyID] = key{c, caller, expires, v4.NewSigner()}
	return c
}

// Identify returns the caller who has these keys. The error is an
// *awserr.Error.
func (a *Authority) Identify(c Credentials) (Caller, error) {
	k, err := a.held(c.AccessKeyID, c.SessionToken)
	if err != nil {
		return Caller{}, err
	}
	if subtle.ConstantTimeCompare([]byte(c.SecretAccessKey), []byte(k.SecretAccessKey)) != 1 {
		return Caller{}, errUnrecognized()
	}
	return k.caller, nil
}

// held returns the valid keys with an id and a session token.
func (a *Authority) held(accessKeyID, sessionToken string) (key, error) {
	a.mu.Lock()
	k, known := a.keys[accessKeyID]
	a.mu.Unlock()
	if !known || subtle.ConstantTimeCompare([]byte(sessionToken), []byte(k.SessionToken)) != 1 {
		return key{}, errUnrecognized()
	}
	if !k.expires.IsZero() && !a.now().Before(k.expires) {
		return key{}, awserr.New("ExpiredTokenException", "The security token included in the request is expired")
	}
	return k, nil
}

// Session returns the caller of a role's session.
func Session(roleARN, session string) Caller {
	account, name := splitRole(roleARN)
	return Caller{RoleARN: roleARN, ARN: arn.New("sts", "", account, "assumed-role/"+name+"/"+session)}
}

// Revoke makes keys invalid.
func (a *Authority) Revoke(accessKeyID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.keys, accessKeyID)
}

func splitRole(roleARN string) (account, name string) {
	parts, ok := arn.Parse(roleARN)
	if !ok {
		return "", roleARN
	}
	return parts.AccountID, roleARN[strings.LastIndexByte(roleARN, '/')+1:]
}

// Watch calls f for each decision about a call with a trace. The trace of a call
// that a function makes is the trace of its invocation. f must not block. Call
// Watch before the first call is authorized.
func (a *Authority) Watch(f func(trace string, u Use)) { a.watch = f }

// Authorize decides a call. The error is a *Denied if the policies do not allow
// it.
func (a *Authority) Authorize(c Caller, r Request) error {
	if c.administrator {
		return nil
	}
	trace := c.Trace
	c.Trace = "" // or no decision would be kept
	err := a.authorize(c, r)
	if a.watch != nil && trace != "" {
		a.watch(trace, useOf(c, r, err == nil))
	}
	return err
}

// useOf returns the record of a decision.
func useOf(c Caller, r Request, allowed bool) Use {
	_, name := splitRole(c.RoleARN)
	session := c.ARN[strings.LastIndexByte(c.ARN, '/')+1:]
	if c.program {
		session = "" // each job has another session name
	}
	return Use{Role: name, Session: session, Action: r.Action, Resource: r.Resource, Allowed: allowed}
}

func (a *Authority) authorize(c Caller, r Request) error {
	q, alone := questionOf(c, r)
	if result, known := a.decided(q); alone && known {
		return result
	}
	generation := a.policies()
	held, err := a.rightsOf(c.RoleARN)
	if err != nil {
		return err
	}
	account, _ := splitRole(c.RoleARN)
	context := map[string][]string{
		"aws:PrincipalArn":     {c.RoleARN},
		"aws:PrincipalAccount": {account},
		"aws:RequestedRegion":  {arn.Region(r.Resource)},
		"aws:SecureTransport":  {"true"}, // the local cloud counts as HTTPS
	}
	maps.Copy(context, r.Context)
	decision, by := held.decide(c, Request{Action: r.Action, Resource: r.Resource, Context: context, Owner: r.Owner, Policy: r.Policy})
	a.note(useOf(c, r, decision == Allow))
	var result error
	if decision != Allow {
		result = &Denied{Caller: c.ARN, Request: r, Explicit: decision == ExplicitDeny, By: by}
	}
	if alone {
		a.keep(q, generation, result)
	}
	return result
}

// rightsOf returns the policies of a role. It reads all policies again after
// any change in the store.
func (a *Authority) rightsOf(roleARN string) (rights, error) {
	generation := a.policies()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rights == nil || a.generation != generation {
		all, err := a.readRights()
		if err != nil {
			return rights{}, err
		}
		a.rights, a.generation = all, generation
	}
	return a.rights[roleARN], nil
}

func (a *Authority) readRights() (map[string]rights, error) {
	roles, err := store.List[Role](a.db, RoleToken)
	if err != nil {
		return nil, err
	}
	managed, err := a.managedDocuments()
	if err != nil {
		return nil, err
	}
	all, arns := map[string]rights{}, map[string]string{}
	for _, r := range roles {
		arns[r.ID] = roleARNOf(r)
		all[roleARNOf(r)] = rights{boundary: managed[r.Inputs.PermissionsBoundary]}
	}
	hold := func(role string, d *Document) {
		held := all[arns[role]]
		held.policies = append(held.policies, d)
		all[arns[role]] = held
	}
	for _, r := range roles {
		for _, policyARN := range r.Inputs.ManagedPolicyARNs {
			if d := managed[policyARN]; d != nil {
				hold(r.ID, d)
			}
		}
	}
	inline, err := store.List[RolePolicy](a.db, RolePolicyToken)
	if err != nil {
		return nil, err
	}
	for _, p := range inline {
		d, err := Parse(p.Inputs.Policy, false)
		if err != nil {
			return nil, fmt.Errorf("role policy %s: %w", p.ID, err)
		}
		hold(p.Inputs.Role, d)
	}
	attached, err := a.attachments(func(Attachment) bool { return true })
	for _, t := range attached {
		if d := managed[t.PolicyARN]; d != nil {
			hold(t.Role, d)
		}
	}
	return all, err
}

// uniqueID returns a stable id in the form of IAM's ids.
func uniqueID(of string) string {
	sum := sha256.Sum256([]byte(of))
	return base32.StdEncoding.EncodeToString(sum[:])[:17]
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
