// Package delegation tells whether DNS leads to a hosted zone: whether the
// zone above it names its name servers. A certificate waits for that in vain,
// and a look-up tells it in a second.
//
// It asks the name servers of the zone above, not a resolver: these know of a
// change at once, where a resolver may keep an old answer for days.
package delegation
