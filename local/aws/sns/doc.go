// Package sns stands for Amazon SNS: topics, their subscriptions, and messages that
// functions publish. Queues and functions get them, as the policy of the queue or the
// permissions of the function let SNS. Subscriptions of other protocols are settings
// without effect: nothing leaves this machine, and one that AWS asks its owner to
// confirm stays unconfirmed. Alarms publish nothing.
package sns
