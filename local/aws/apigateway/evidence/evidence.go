// Package evidence describes how a gateway behaves like AWS, and the evidence
// for it.
package evidence

// Fact is one behaviour, with the evidence that AWS behaves the same way.
type Fact struct {
	Behaviour string
	Kind      string // recorded, documented or unproven
	Source    string // a URL, or a file below testdata; "" if the behaviour is unproven
}

// Recorded returns a fact seen on AWS: an answer, an event, or a report of one.
func Recorded(behaviour, source string) Fact { return Fact{behaviour, "recorded", source} }

// Documented returns a fact that an AWS page documents.
func Documented(behaviour, source string) Fact { return Fact{behaviour, "documented", source} }

// Unproven returns a fact without evidence, chosen for the local cloud.
func Unproven(behaviour string) Fact { return Fact{behaviour, "unproven", ""} }
