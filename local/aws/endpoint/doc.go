// Package endpoint serves one address for all services: it finds the service
// that a call is for. It refuses services that the local cloud does not have,
// in the form of each AWS protocol, so that every SDK shows the message.
package endpoint
