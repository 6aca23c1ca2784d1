// Package endpoint is for one address at which all services are called: it finds
// out which one a call is for, and answers for those that the local cloud does not
// have in the form of each of AWS's protocols, so that every SDK shows the sentence.
package endpoint
