// Package eventbridge stands for Amazon EventBridge: rules that hand events to
// functions and queues, events that functions put on buses, and rules that run by a
// schedule.
//
// An event is handed to its targets before PutEvents answers: Lambda keeps it as an
// asynchronous invocation, SQS as a message. What a target does not take goes to
// its dead letters. A scheduled rule runs while the cloud serves; a time that
// passes meanwhile is not made up for. Left out are the events of AWS services,
// archives, pipes, partner and global buses, buses' policies and keys of KMS.
package eventbridge
