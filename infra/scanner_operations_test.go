package main

import "strings"

// scannerOperations returns the rules on logs, alarms and topics.
func scannerOperations() []scannerRule {
	groups, alarms, topics := []string{logGroupType}, []string{alarmType}, []string{topicType}
	return []scannerRule{
		{title: "logs expire",
			ids:   "CKV_AWS_66 cfn-nag:W86 KICS:ef0b316a-211e-42f1-888e-64efe172b755",
			types: groups, asks: is("retentionInDays", 1.0, 3.0, 5.0, 7.0, 14.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 365.0,
				400.0, 545.0, 731.0, 1096.0, 1827.0, 2192.0, 2557.0, 2922.0, 3288.0, 3653.0)},
		{title: "logs are kept for a year",
			ids:   "CKV_AWS_338 FSBP:CloudWatch.16 prowler:cloudwatch_log_group_retention_policy_specific_days_enabled",
			types: groups, adopt: guarded, asks: between("retentionInDays", 365, 3653)},
		{title: "logs are encrypted with a key of the account",
			ids: "CKV_AWS_158 AWS-0017 aws-cloudwatch-log-group-customer-key cfn-nag:W84 KICS:0afbcfe9-d341-4b92-a64c-7e6de0543879 " +
				"prowler:cloudwatch_log_group_kms_encryption_enabled",
			types: groups, asks: customerKey("kmsKeyId"),
			except: unfollowed("CloudWatch Logs encrypts with an AWS key; the lines contain no bodies and no headers")},
		{title: "an alarm's actions are enabled",
			ids:   "CKV_AWS_319 prowler:cloudwatch_alarm_actions_enabled FSBP:CloudWatch.17",
			types: alarms, asks: isNot("actionsEnabled", false)},
		{title: "an alarm has an action", ids: "FSBP:CloudWatch.15 prowler:cloudwatch_alarm_actions_alarm_state_configured", types: alarms, asks: demand{
			func(s subject) bool { actions, _ := s.input("alarmActions").([]any); return len(actions) > 0 },
			func(s subject) { s.put("alarmActions", []any{}) }}},
		{title: "a topic is encrypted",
			ids: "CKV_AWS_26 AWS-0095 FSBP:SNS.1 cfn-nag:W47 KICS:28545147-2fc6-42d5-a1f9-cf226658e591 " +
				"prowler:sns_topics_kms_encryption_at_rest_enabled",
			types: topics, asks: has("kmsMasterKeyId"),
			except: unfollowed("CloudWatch cannot publish with alias/aws/sns (see newAlarms)")},
		{title: "a topic is encrypted with a key of the account",
			ids:   "AWS-0136 KICS:b1a72f66-2236-4f3b-87ba-0da1b366956f",
			types: topics, asks: customerKey("kmsMasterKeyId"),
			except: unfollowed("a key costs a dollar a month, and the messages contain no data (see newAlarms)")},
		{title: "a topic is not public",
			ids: "FSBP:SNS.4 cfn-nag:F18 cfn-nag:F8 cfn-nag:W19 KICS:b26d2b7e-60f6-413d-a3a1-a57db24aa2b3 " +
				"KICS:5ea624e4-c8b1-4bb3-87a4-4235a776adcc prowler:sns_topics_not_publicly_accessible",
			types: topics, asks: forbids("policy", trusts(`\*`), trustOf("AWS", "*"))},
		{title: "messages are not sent over plain HTTP",
			ids:   "prowler:sns_subscription_not_using_http_endpoints",
			types: []string{subscriptionType}, asks: isNot("protocol", "http")},
	}
}

// scannerNames returns the rules on every resource.
func scannerNames() []scannerRule {
	of := func(types ...string) func(subject) bool {
		return func(s subject) bool {
			for _, typ := range types {
				if s.res.Type == typ {
					return true
				}
			}
			return false
		}
	}
	return []scannerRule{
		{title: "tags name the project and the stack", ids: "KICS:e38a8e0a-b88b-4902-b3fe-b0fcb17d5c10", asks: tagged("Project", "Stack", "ManagedBy")},
		{title: "no name is fixed, because a replacement would need it twice", ids: "cfn-nag:W28", asks: lacks("name"), except: []exception{
			{"the name is part of every URL", of(stageType)},
			{"others find it by its name, and it holds no data", of(parameterType)},
			{"the name is a domain name", of(zoneType, recordType)},
			{"only groups under /aws/vendedlogs/ need no resource policy for API Gateway", func(s subject) bool {
				return s.res.Type == logGroupType && strings.HasPrefix(s.text("name"), "/aws/vendedlogs/")
			}},
		}},
	}
}
