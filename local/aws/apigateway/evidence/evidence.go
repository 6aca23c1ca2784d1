// Package evidence is the form in which a gateway lists what it does as AWS does,
// and what shows that.
package evidence

// Fact is one behaviour, and what shows that AWS behaves so.
type Fact struct {
	Behaviour string
	Kind      string // recorded, documented or unproven
	Source    string // a URL, or a file below testdata; "" where the behaviour is unproven
}

// Recorded is seen of AWS: an answer, an event, or a report of one.
func Recorded(behaviour, source string) Fact { return Fact{behaviour, "recorded", source} }

// Documented is what a page of AWS says.
func Documented(behaviour, source string) Fact { return Fact{behaviour, "documented", source} }

// Unproven is chosen here: neither a recording nor a page was found.
func Unproven(behaviour string) Fact { return Fact{behaviour, "unproven", ""} }
