package main

import (
	"cmp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/scheduler"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Scheduler retries a call that it cannot deliver for one hour: a nightly job
// must not start at noon. If the function itself fails, Lambda calls it twice
// more.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
const (
	deliveryAge     = 60 * 60 // seconds
	deliveryRetries = 5
)

// newSchedule declares the schedule that calls a function, and the role that
// allows the call.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html
func newSchedule(s *stack, _ *stores, f *function) (pulumi.Resource, error) {
	trusted, err := trustFor(s.cfg.Account, "scheduler.amazonaws.com")
	if err != nil {
		return nil, err
	}
	role, err := newRole(s, f.Name+"-schedule", trusted, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	rights, err := iam.NewRolePolicy(s.ctx, f.Name+"-schedule", &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: allow(grant{[]string{"lambda:InvokeFunction"}, f.lambda.Arn}),
	}, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	return scheduler.NewSchedule(s.ctx, f.Name, &scheduler.ScheduleArgs{
		ScheduleExpression:         pulumi.String(f.Schedule),
		ScheduleExpressionTimezone: pulumi.String(cmp.Or(f.TimeZone, "UTC")),
		FlexibleTimeWindow:         scheduler.ScheduleFlexibleTimeWindowArgs{Mode: pulumi.String("OFF")},
		Target: scheduler.ScheduleTargetArgs{
			Arn:     f.lambda.Arn,
			RoleArn: role.Arn,
			RetryPolicy: scheduler.ScheduleTargetRetryPolicyArgs{
				MaximumEventAgeInSeconds: pulumi.Int(deliveryAge),
				MaximumRetryAttempts:     pulumi.Int(deliveryRetries),
			},
		},
	}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{rights}))
}
