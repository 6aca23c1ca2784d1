package main

// scannerQueues returns the rules on queues.
func scannerQueues() []scannerRule {
	queues := []string{queueType}
	return []scannerRule{
		{title: "a queue is encrypted",
			ids: "CKV_AWS_27 AWS-0096 aws-sqs-enable-queue-encryption FSBP:SQS.1 KICS:6e8849c1-3aa7-40e3-9063-b85ee300f29f " +
				"prowler:sqs_queues_server_side_encryption_enabled",
			types: queues, asks: demand{
				func(s subject) bool {
					return s.input("sqsManagedSseEnabled") == true || s.input("kmsMasterKeyId") != nil
				},
				func(s subject) { s.put("sqsManagedSseEnabled", false) }}},
		{title: "a queue is encrypted with a key of the account",
			ids:   "AWS-0135 aws-sqs-queue-encryption-use-cmk cfn-nag:W48",
			types: queues, asks: customerKey("kmsMasterKeyId"),
			except: unfollowed("SQS encrypts with an AWS key; an event contains an item's id and the kind of change")},
		{title: "a queue does not have the AWS managed key", ids: "CKV2_AWS_73", types: queues, asks: isNot("kmsMasterKeyId", "alias/aws/sqs")},
		{title: "queues are tagged", ids: "FSBP:SQS.2", types: queues, asks: tagged()},
		{title: "a queue has a dead-letter queue", ids: "own:SQS_REDRIVE", types: queues, where: alive, asks: redriven()},
		{title: "the visibility timeout is six times the function's timeout", ids: "own:SQS_VISIBILITY", types: queues, where: consumed, asks: hidden()},
		{title: "a dead-letter queue keeps messages for 14 days", ids: "own:SQS_DLQ_RETENTION", types: queues, where: func(s subject) bool { return !alive(s) },
			asks: is("messageRetentionSeconds", 1_209_600.0)},
	}
}

// alive reports whether the queue is not a dead-letter queue.
func alive(s subject) bool {
	for _, w := range s.others(workerType) {
		if nested(w, "destinationConfig", "onFailure")["destinationArn"] == s.res.Outputs["arn"] {
			return false
		}
	}
	for _, q := range s.others(queueType) {
		if object(q.Inputs["redrivePolicy"])["deadLetterTargetArn"] == s.res.Outputs["arn"] {
			return false
		}
	}
	return true
}

// redriven wants at least three receives, and then a dead-letter queue that
// accepts messages only from this queue.
func redriven() demand {
	return demand{func(s subject) bool {
		redrive := object(s.input("redrivePolicy"))
		tries, _ := redrive["maxReceiveCount"].(float64)
		for _, allowed := range s.others(redriveType) {
			sources, _ := object(allowed.Inputs["redriveAllowPolicy"])["sourceQueueArns"].([]any)
			for _, dead := range s.others(queueType) {
				if tries >= 3 && redrive["deadLetterTargetArn"] == dead.Outputs["arn"] && allowed.Inputs["queueUrl"] == dead.Outputs["url"] &&
					len(sources) == 1 && sources[0] == s.res.Outputs["arn"] {
					return true
				}
			}
		}
		return false
	}, func(s subject) { s.put("redrivePolicy", nil) }}
}

// consumed reports whether a function consumes the queue.
func consumed(s subject) bool {
	for _, w := range s.others(workerType) {
		if w.Inputs["eventSourceArn"] == s.res.Outputs["arn"] {
			return true
		}
	}
	return false
}

// hidden wants a visibility timeout of at least six times the function's
// timeout.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
func hidden() demand {
	return demand{func(s subject) bool {
		seconds, _ := s.input("visibilityTimeoutSeconds").(float64)
		for _, w := range s.others(workerType) {
			for _, f := range s.others(functionType) {
				timeout, ok := f.Inputs["timeout"].(float64)
				if w.Inputs["eventSourceArn"] == s.res.Outputs["arn"] && w.Inputs["functionName"] == f.Outputs["arn"] && (!ok || seconds < 6*timeout) {
					return false
				}
			}
		}
		return true
	}, func(s subject) { s.put("visibilityTimeoutSeconds", 1.0) }}
}
