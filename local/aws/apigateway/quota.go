package apigateway

import (
	"maps"
	"regexp"
	"slices"
	"unicode/utf8"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Default quotas of an API:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
// and, with the same numbers,
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html.
const (
	maxAuthorizers  = 10
	maxIntegrations = 300
	maxRoutes       = 300
	maxStages       = 10
)

// checkQuota refuses one more record of a type if its API has the maximum
// already. what names the records, such as "routes".
func checkQuota[In any](a *APIs, token, what string, most int, r *store.Record[In], apiOf func(In) string) error {
	all, err := store.List[In](a.db, token)
	if err != nil {
		return err
	}
	api, others := apiOf(r.Inputs), 0
	for _, other := range all {
		if other.ID != r.ID && apiOf(other.Inputs) == api {
			others++
		}
	}
	if others >= most {
		return awserr.New("LimitExceededException", "the API %s has %d %s already; at most %d", api, others, what, most)
	}
	return nil
}

// Limits of stage variables:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
// Their form is at
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html.
const (
	maxVariables     = 100
	maxVariableName  = 64  // characters
	maxVariableValue = 512 // characters
)

var (
	variableNameForm  = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
	variableValueForm = regexp.MustCompile(`^[A-Za-z0-9._~:/?#&=,-]+$`)
)

func checkVariables(problems *provider.Problems, variables map[string]string) {
	if n := len(variables); n > maxVariables {
		problems.Add("stageVariables", "has %d variables; at most %d", n, maxVariables)
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		property, value := "stageVariables."+name, variables[name]
		if !variableNameForm.MatchString(name) || len(name) > maxVariableName {
			problems.Add(property, "the name %q is not 1 to %d letters, digits and _", name, maxVariableName)
		}
		if n := utf8.RuneCountInString(value); n > maxVariableValue {
			problems.Add(property, "has %d characters; at most %d", n, maxVariableValue)
		} else if value != "" && !variableValueForm.MatchString(value) { // an unknown one is empty in a preview
			problems.Add(property, "has characters other than letters, digits and -._~:/?#&=,")
		}
	}
}
