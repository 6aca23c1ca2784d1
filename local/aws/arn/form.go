package arn

import "regexp"

var (
	topicForm    = regexp.MustCompile(`^arn:aws:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$`)
	queueForm    = regexp.MustCompile(`^arn:aws:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}$`)
	functionForm = regexp.MustCompile(`^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9-_]{1,64}(:\$LATEST)?$`)
)

// IsTopic reports whether text is the ARN of a standard topic
// (https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html).
func IsTopic(text string) bool { return topicForm.MatchString(text) }

// IsQueue reports whether text is the ARN of a standard queue
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html).
func IsQueue(text string) bool { return queueForm.MatchString(text) }

// IsFunction reports whether text is the ARN of a function or of its version
// $LATEST, the only version in the local cloud
// (https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html).
func IsFunction(text string) bool { return functionForm.MatchString(text) }
