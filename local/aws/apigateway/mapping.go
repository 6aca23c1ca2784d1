package apigateway

import (
	"context"
	"regexp"
	"strings"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// MappingInputs holds the inputs of an API mapping: the stage of an API that a
// domain name serves below the key. Without a key it serves all other paths.
type MappingInputs struct {
	APIID      string `json:"apiId" aws:"required,replace"`
	DomainName string `json:"domainName" aws:"required,replace"`
	Stage      string `json:"stage" aws:"required"`
	Key        string `json:"apiMappingKey,omitempty"`
}

// See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html
// and
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
const (
	maxMappingKey = 300 // characters
	maxMultiLevel = 200 // mappings of a domain name whose key has a slash
)

func mappings(a *APIs) *provider.Resource[MappingInputs, struct{}] {
	return &provider.Resource[MappingInputs, struct{}]{
		Token: MappingToken, Exclusive: true,
		Check: func(in MappingInputs) []provider.Problem { return checkMapping(in, a.protocolOf(in.APIID)) },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[MappingInputs]) error {
			return a.checkMapped(r)
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[MappingInputs], r *store.Record[MappingInputs]) error {
			return a.checkMapped(r)
		},
		Actions:  mappingActions,
		Describe: func(store.Record[MappingInputs]) struct{} { return struct{}{} },
	}
}

var mappingKeyForm = regexp.MustCompile(`^[A-Za-z0-9$_.+!*'()-]+(/[A-Za-z0-9$_.+!*'()-]+)*$`)

// checkMapping checks a key by
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html.
// For WebSocket APIs,
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-mappings.html
// allows no slash.
func checkMapping(in MappingInputs, protocol string) []provider.Problem {
	var problems provider.Problems
	switch key := in.Key; {
	case key == "":
	case len(key) > maxMappingKey:
		problems.Add("apiMappingKey", "has %d characters; at most %d", len(key), maxMappingKey)
	case !mappingKeyForm.MatchString(key):
		problems.Add("apiMappingKey", "%q must be a path of letters, digits and $-_.+!*'(), without a slash at either end", key)
	case protocol == protocolSocket && strings.Contains(key, "/"):
		problems.Add("apiMappingKey", "%q: a WebSocket API is mapped to one level only", key)
	}
	return problems
}

// checkMapped refuses a mapping whose domain name, API or stage is missing, and
// one that conflicts with another mapping. It deletes a record of the same
// resource and inputs, which a crash has left; AWS would keep it and refuse
// every retry. A record with other inputs is the mapping being replaced: AWS
// refuses a second one with its key, too.
func (a *APIs) checkMapped(r *store.Record[MappingInputs]) error {
	in := r.Inputs
	if _, err := store.Get[DomainInputs](a.db, DomainToken, in.DomainName); err != nil {
		return awserr.New("NotFoundException", "domain name %s: %w", in.DomainName, err)
	}
	api, err := a.api(in.APIID)
	if err != nil {
		return err
	}
	if _, err := store.Get[StageInputs](a.db, StageToken, stageKey(in.Stage, StageInputs{APIID: in.APIID})); err != nil {
		return awserr.New("BadRequestException", "stage %s of API %s, which domain name %s is mapped to: %w", in.Stage, in.APIID, in.DomainName, err)
	}
	others, err := store.List[MappingInputs](a.db, MappingToken)
	if err != nil {
		return err
	}
	levels := 0
	for _, other := range others {
		switch {
		case other.ID == r.ID || other.Inputs.DomainName != in.DomainName:
		case other.Inputs == in && other.URN == r.URN && r.URN != "":
			if err := store.Delete(a.db, MappingToken, other.ID); err != nil {
				return err
			}
		case other.Inputs.Key == in.Key:
			return awserr.New("ConflictException", "domain name %s has a mapping of %q already, to stage %s of API %s", in.DomainName, in.Key, other.Inputs.Stage, other.Inputs.APIID)
		case (a.protocolOf(other.Inputs.APIID) == protocolSocket) != (api.Inputs.ProtocolType == protocolSocket):
			return awserr.New("BadRequestException", "domain name %s is mapped to API %s: a WebSocket API and an HTTP API cannot share one", in.DomainName, other.Inputs.APIID)
		case strings.Contains(other.Inputs.Key, "/"):
			levels++
		}
	}
	if strings.Contains(in.Key, "/") && levels >= maxMultiLevel {
		return awserr.New("LimitExceededException", "domain name %s has %d mappings of several levels already; at most %d", in.DomainName, levels, maxMultiLevel)
	}
	return nil
}

// checkUnmapped refuses to delete what a mapping refers to.
func (a *APIs) checkUnmapped(what string, refers func(MappingInputs) bool) error {
	all, err := store.List[MappingInputs](a.db, MappingToken)
	if err != nil {
		return err
	}
	for _, m := range all {
		if refers(m.Inputs) {
			return awserr.New("BadRequestException", "deleting %s failed; please remove all API mappings related to it: %s/%s", what, m.Inputs.DomainName, m.Inputs.Key)
		}
	}
	return nil
}
