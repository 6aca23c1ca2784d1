// Package eventbridge emulates Amazon EventBridge: rules that send events to
// functions and queues, buses on which functions put events, and scheduled
// rules.
//
// PutEvents answers after its events are stored: by Lambda as asynchronous
// invocations, by SQS as messages. Events that a target refuses go to its
// dead-letter queue. Scheduled rules run while the cloud serves; missed times
// are not repeated.
//
// Not supported are the events of AWS services, archives, pipes, partner and
// global buses, policies of buses, and KMS keys.
package eventbridge
