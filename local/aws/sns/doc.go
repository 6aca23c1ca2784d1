// Package sns emulates Amazon SNS: topics, subscriptions, and the messages that
// functions publish. Messages reach queues and functions if the queue's policy
// or the function's permissions allow SNS.
//
// Subscriptions of other protocols have no effect, because nothing leaves this
// machine. A subscription that its owner has to confirm stays unconfirmed.
// Alarms publish nothing.
package sns
