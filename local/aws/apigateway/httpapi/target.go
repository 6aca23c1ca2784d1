package httpapi

import "errors"

// Reasons why a request has no target.
var (
	ErrNotFound  = errors.New("there is no such API")
	ErrForbidden = errors.New("the domain name has no mapping for the path")
	ErrHost      = errors.New("the host is neither this machine nor a domain name of an API here")
)

// Target is the API that a request is for.
type Target struct {
	Host string // the API's name, such as ID.execute-api.REGION.amazonaws.com, or a domain name
	Path string // escaped, as in the events of the API's functions

	// Stages are the API's stages; the path selects one. For a mapped request
	// there is only the stage of the mapping.
	Stages []Stage

	Mapped bool
	Base   string // the part of Path that the mapping's key matches, such as "/orders"; may be ""
}

// Stage returns the stage of a target, and the escaped path that its routes
// match.
func (t Target) Stage() (*Stage, string) {
	if !t.Mapped {
		return chooseStage(t.Stages, t.Path)
	}
	if len(t.Stages) == 0 {
		return nil, ""
	}
	// A mapping names the stage, so the path does not contain it
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html).
	if path := t.Path[len(t.Base):]; path != "" {
		return &t.Stages[0], path
	}
	return &t.Stages[0], "/"
}

// DefaultStage is the name of the stage that a request's path does not contain.
const DefaultStage = "$default"

// chooseStage returns the stage of an escaped path, and the path that its
// routes match. The first segment may name a stage; else it is $default
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html).
func chooseStage(stages []Stage, path string) (*Stage, string) {
	var fallback *Stage
	for i := range stages {
		s := &stages[i]
		if s.Name == DefaultStage {
			fallback = s
			continue
		}
		rest := path[1:]
		if len(rest) < len(s.Name) || rest[:len(s.Name)] != s.Name {
			continue
		}
		switch rest = rest[len(s.Name):]; {
		case rest == "":
			return s, "/"
		case rest[0] == '/':
			return s, rest
		}
	}
	return fallback, path
}
