package secretsmanager

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/awsjson"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// Handler returns the endpoint that functions and people call.
func (s *Secrets) Handler() http.Handler {
	return &awsjson.Handler{
		Version: "1.1", Prefix: "secretsmanager", MaxBytes: 1 << 20, Authority: s.authority,
		Operations: map[string]awsjson.Operation{
			"DescribeSecret": awsjson.Of(s.describeSecret),
			"GetSecretValue": awsjson.Of(s.getValue),
			"PutSecretValue": awsjson.Of(s.putValue),
		},
	}
}

// notFound turns store.ErrNotFound into the error that a client gets.
func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return awserr.New("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	return err
}

// find authorizes an action on a secret and returns it. id is a name, an ARN,
// or an ARN without its suffix. Only a caller who may use the secret learns
// that it is missing.
func (s *Secrets) find(c iam.Caller, action, id string) (store.Record[Secret], error) {
	if id == "" {
		return store.Record[Secret]{}, awserr.New("InvalidParameterException", "You must provide a SecretId.")
	}
	r, missing := s.lookUp(c, id)
	resource := r.ID
	if missing != nil {
		resource = id
		if !strings.HasPrefix(id, "arn:") {
			resource = arn.New("secretsmanager", c.Region, c.Account(), "secret:"+id)
		}
	}
	// With an empty policy, only the secret's own account has access.
	if err := s.authority.Authorize(c, iam.Request{Action: "secretsmanager:" + action, Resource: resource, Policy: &iam.Document{}}); err != nil {
		return r, err
	}
	if errors.Is(missing, store.ErrNotFound) && s.isDeleted(c, id) {
		return r, awserr.New("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	}
	return r, notFound(missing)
}

func (s *Secrets) lookUp(c iam.Caller, id string) (store.Record[Secret], error) {
	all, err := store.List[Secret](s.db, Token)
	if err != nil {
		return store.Record[Secret]{}, err
	}
	found, err := store.Record[Secret]{}, store.ErrNotFound
	for _, r := range all {
		if !matchesID(c, id, r.ID, r.Account, r.Region) {
			continue
		}
		if err == nil {
			return found, awserr.New("InvalidRequestException", "several accounts have the secret %s: give its ARN", id)
		}
		found, err = r, nil
	}
	return found, err
}

func (s *Secrets) isDeleted(c iam.Caller, id string) bool {
	all, err := store.List[deletion](s.db, deletedToken)
	if err != nil {
		return false
	}
	for _, d := range all {
		if matchesID(c, id, d.ID, d.Account, d.Region) && s.now().Before(d.Inputs.Until) {
			return true
		}
	}
	return false
}

// matchesID reports whether an id from a caller names a secret. A name is one of
// the caller's account; the administrator has no account, so a name of any
// account matches.
func matchesID(c iam.Caller, id, secretARN, account, region string) bool {
	plain := withoutSuffix(secretARN)
	if strings.HasPrefix(id, "arn:") {
		return region == c.Region && (id == secretARN || id == plain)
	}
	return region == c.Region && (c.Account() == account || c.Account() == "") && strings.HasSuffix(plain, ":secret:"+id)
}

type getInput struct{ SecretId, VersionId, VersionStage string }

type getOutput struct {
	ARN, Name     string
	CreatedDate   float64 // Unix time
	SecretString  *string `json:",omitzero"`
	SecretBinary  []byte  `json:",omitzero"`
	VersionId     string
	VersionStages []string
}

// getValue implements
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html.
func (s *Secrets) getValue(_ context.Context, c iam.Caller, in getInput) (*getOutput, error) {
	r, err := s.find(c, "GetSecretValue", in.SecretId)
	if err != nil {
		return nil, err
	}
	held, err := s.versions(r)
	if err != nil {
		return nil, err
	}
	label := in.VersionStage
	if label == "" {
		label = current
	}
	v := held.labelled(label)
	if in.VersionId != "" {
		v, label = held.identified(in.VersionId)
		if v == nil || in.VersionStage != "" && in.VersionStage != label {
			return nil, awserr.New("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for VersionId: %s", in.VersionId)
		}
	}
	if v == nil {
		return nil, awserr.New("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: %s", label)
	}
	return &getOutput{
		ARN: r.ID, Name: r.Inputs.Name, CreatedDate: seconds(v.Created),
		SecretString: v.String, SecretBinary: v.Binary, VersionId: v.ID, VersionStages: []string{label},
	}, nil
}

type putInput struct {
	SecretId, ClientRequestToken string
	SecretString                 *string
	SecretBinary                 []byte
	VersionStages                []string
}

type putOutput struct {
	ARN, Name, VersionId string
	VersionStages        []string
}

// putValue implements
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html.
func (s *Secrets) putValue(_ context.Context, c iam.Caller, in putInput) (*putOutput, error) {
	r, err := s.find(c, "PutSecretValue", in.SecretId)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	id := in.ClientRequestToken
	if id == "" {
		id = uuid.NewString()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	label, err := s.put(r, version{ID: id, String: in.SecretString, Binary: in.SecretBinary, Created: s.now()})
	if err != nil {
		return nil, err
	}
	return &putOutput{ARN: r.ID, Name: r.Inputs.Name, VersionId: id, VersionStages: []string{label}}, nil
}

// check returns errors without the value, because errors may be logged.
func (in putInput) check() error {
	size := len(in.SecretBinary)
	if in.SecretString != nil {
		size += len(*in.SecretString)
	}
	switch {
	case in.SecretString == nil && len(in.SecretBinary) == 0:
		return awserr.New("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
	case in.SecretString != nil && len(in.SecretBinary) > 0:
		return awserr.New("InvalidRequestException", "You can't specify both a binary secret value and a string secret value in the same secret.")
	case size == 0 || size > maxValue:
		return awserr.New("ValidationException", "the value has %d bytes; it must have 1 to %d", size, maxValue)
	case in.ClientRequestToken != "" && (len(in.ClientRequestToken) < 32 || utf8.RuneCountInString(in.ClientRequestToken) > 64):
		return awserr.New("InvalidParameterException", "You provided a ClientRequestToken that is not 32 to 64 characters long.")
	}
	for _, label := range in.VersionStages {
		if label != current {
			return awserr.New("InvalidParameterException", "the local cloud supports only the staging label %s for a new value, not %q", current, label)
		}
	}
	return nil
}

type describeOutput struct {
	ARN, Name, Description string
	KmsKeyId               string `json:",omitzero"`
	CreatedDate            float64
	LastChangedDate        float64
	Tags                   []tag
	VersionIdsToStages     map[string][]string `json:",omitzero"`
}

type tag struct{ Key, Value string }

// describeSecret implements
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html.
func (s *Secrets) describeSecret(_ context.Context, c iam.Caller, in struct{ SecretId string }) (*describeOutput, error) {
	r, err := s.find(c, "DescribeSecret", in.SecretId)
	if err != nil {
		return nil, err
	}
	held, err := s.versions(r)
	if err != nil {
		return nil, err
	}
	out := &describeOutput{
		ARN: r.ID, Name: r.Inputs.Name, Description: r.Inputs.Description, KmsKeyId: r.Inputs.KMSKeyID,
		CreatedDate: seconds(r.Created), LastChangedDate: seconds(r.Created), Tags: tags(r.Tags),
	}
	for _, label := range []string{current, previous} {
		if v := held.labelled(label); v != nil {
			if out.VersionIdsToStages == nil {
				out.VersionIdsToStages = map[string][]string{}
				out.LastChangedDate = seconds(v.Created)
			}
			out.VersionIdsToStages[v.ID] = []string{label}
		}
	}
	return out, nil
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func tags(of map[string]string) []tag {
	all := []tag{}
	for _, key := range slices.Sorted(maps.Keys(of)) {
		all = append(all, tag{key, of[key]})
	}
	return all
}
