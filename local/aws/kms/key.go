package kms

import (
	"cmp"
	"context"
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the resource types of this package.
const (
	KeyToken   = "aws:kms/key:Key"
	AliasToken = "aws:kms/alias:Alias"
)

// maxPolicy is documented at
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html.
const maxPolicy = 32 << 10 // bytes

// defaultRotation is the default rotation period in days
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html).
const defaultRotation = 365

// Key holds the inputs of a symmetric encryption key. Other kinds of keys,
// custom key stores and multi-region keys are not supported.
type Key struct {
	Description          string            `json:"description,omitempty" aws:"idle"`
	DeletionWindowInDays *int              `json:"deletionWindowInDays,omitempty" aws:"idle"`
	EnableKeyRotation    bool              `json:"enableKeyRotation,omitempty" aws:"idle"`
	RotationPeriodInDays *int              `json:"rotationPeriodInDays,omitempty" aws:"idle"`
	IsEnabled            *bool             `json:"isEnabled,omitempty" aws:"idle"`
	Policy               string            `json:"policy,omitempty" aws:"idle"`
	BypassLockoutCheck   bool              `json:"bypassPolicyLockoutSafetyCheck,omitempty"`
	Tags                 map[string]string `json:"tags,omitempty"`
}

// KeyOutputs holds the outputs and defaults that AWS adds to a key.
type KeyOutputs struct {
	ARN                   string `json:"arn"`
	CustomerMasterKeySpec string `json:"customerMasterKeySpec"`
	Description           string `json:"description"`
	IsEnabled             bool   `json:"isEnabled"`
	KeyID                 string `json:"keyId"`
	KeyUsage              string `json:"keyUsage"`
	MultiRegion           bool   `json:"multiRegion"`
	Policy                string `json:"policy"`
	RotationPeriodInDays  int    `json:"rotationPeriodInDays"`
}

// Keys holds the declared keys and aliases.
type Keys struct{ db *store.Store }

// New returns the keys in db.
func New(db *store.Store) *Keys { return &Keys{db} }

// Types returns the resource types of KMS.
func (k *Keys) Types() []provider.Kind {
	keys, aliases := resourceTypes(k)
	return []provider.Kind{keys, aliases}
}

// resourceTypes returns the resource types of keys and aliases. A deleted key is
// gone immediately: the deletion window has no effect.
func resourceTypes(k *Keys) (*provider.Resource[Key, KeyOutputs], *provider.Resource[Alias, AliasOutputs]) {
	keys := &provider.Resource[Key, KeyOutputs]{
		Token:  KeyToken,
		Check:  checkKey,
		ID:     func(provider.Call, Key) string { return uuid.NewString() },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[Key]) error { return checkLockout(*r) },
		Update: func(_ context.Context, _ provider.Call, _ store.Record[Key], r *store.Record[Key]) error {
			return checkLockout(*r)
		},
		Actions:  keyActions,
		Describe: describeKey,
	}
	return keys, aliases(k)
}

// policyForm matches the characters that
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
// allows.
var policyForm = regexp.MustCompile(`^[\t\n\r\x{20}-\x{FF}]*$`)

// checkKey reports what
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html,
// EnableKeyRotation and ScheduleKeyDeletion reject.
func checkKey(in Key) []provider.Problem {
	var problems provider.Problems
	problems.MaxCharacters("description", in.Description, 8192)
	if d := in.DeletionWindowInDays; d != nil {
		problems.Within("deletionWindowInDays", *d, 7, 30, "days")
	}
	if d := in.RotationPeriodInDays; d != nil && (*d < 90 || *d > 2560) {
		problems.Add("rotationPeriodInDays", "%d is not within 90 to 2560 days", *d)
	} else if d != nil && !in.EnableKeyRotation {
		problems.Add("rotationPeriodInDays", "needs enableKeyRotation")
	}
	if in.Policy == "" {
		return problems
	}
	if n := len(in.Policy); n > maxPolicy {
		problems.Add("policy", "has %d bytes; a key's policy has at most %d", n, maxPolicy)
	} else if !policyForm.MatchString(in.Policy) {
		problems.Add("policy", "has a character above U+00FF, which KMS does not allow")
	} else if _, err := iam.ParseResource(in.Policy); err != nil {
		problems.Add("policy", "%s", err)
	}
	return problems
}

// checkLockout refuses a policy that lets no one in the account replace it
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html).
func checkLockout(r store.Record[Key]) error {
	if r.Inputs.Policy == "" || r.Inputs.BypassLockoutCheck {
		return nil
	}
	d, err := iam.ParseResource(r.Inputs.Policy)
	if err != nil {
		return err
	}
	if !d.AllowsAccount(r.Account, iam.Request{Action: "kms:PutKeyPolicy", Resource: keyARN(r)}) {
		return awserr.New("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future. "+
			"(it does not allow kms:PutKeyPolicy to any principal in account %s)", r.Account)
	}
	return nil
}

func keyARN(r store.Record[Key]) string { return arn.New("kms", r.Region, r.Account, "key/"+r.ID) }

func describeKey(r store.Record[Key]) KeyOutputs {
	in := r.Inputs
	out := KeyOutputs{
		ARN: keyARN(r), CustomerMasterKeySpec: "SYMMETRIC_DEFAULT", Description: in.Description, IsEnabled: in.IsEnabled == nil || *in.IsEnabled,
		KeyID: r.ID, KeyUsage: "ENCRYPT_DECRYPT", Policy: cmp.Or(in.Policy, defaultPolicy(r.Account)),
	}
	if in.EnableKeyRotation {
		out.RotationPeriodInDays = defaultRotation
		if in.RotationPeriodInDays != nil {
			out.RotationPeriodInDays = *in.RotationPeriodInDays
		}
	}
	return out
}

// defaultPolicy returns the default key policy, which leaves access to the
// account's IAM policies
// (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html).
func defaultPolicy(account string) string {
	const form = `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow",` +
		`"Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*","Resource":"*"}]}`
	return fmt.Sprintf(form, account)
}
