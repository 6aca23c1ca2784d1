package httpapi

import "errors"

// Why a request is for no API.
var (
	ErrNotFound  = errors.New("there is no such API")
	ErrForbidden = errors.New("the domain name has no mapping for the path")
	ErrHost      = errors.New("the host is neither this machine nor a domain name of an API here")
)

// Target is what a request is for.
type Target struct {
	Host string // the API's name, such as ID.execute-api.REGION.amazonaws.com, or a domain name
	Path string // escaped, as the API's functions are told it

	// Stages are those of the API, of which the path chooses one; for a mapped
	// request there is one, and it is chosen.
	Stages []Stage

	Mapped bool
	Base   string // the part of Path that a mapping took, such as "/orders"; "" for all of it
}

// Stage is the stage of a target and the escaped path that its routes see.
func (t Target) Stage() (*Stage, string) {
	if !t.Mapped {
		return chooseStage(t.Stages, t.Path)
	}
	if len(t.Stages) == 0 {
		return nil, ""
	}
	// A mapping names the stage, so the path does not
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html).
	if path := t.Path[len(t.Base):]; path != "" {
		return &t.Stages[0], path
	}
	return &t.Stages[0], "/"
}

// DefaultStage is the name of the stage that requests need not name.
const DefaultStage = "$default"

// chooseStage picks the stage of an escaped path and returns the path its
// routes see: a stage named by the first segment, else $default
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
