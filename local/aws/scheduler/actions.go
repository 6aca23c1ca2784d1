package scheduler

import "skiff/local/engine/provider"

// actions lists the actions on one schedule. Whoever sets its role needs the
// right to pass that role to the service. Each update needs it too, because an
// update without the role would remove it. It follows
// internal/service/scheduler/schedule.go of terraform-provider-aws 5.100.0 and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html.
func actions(o provider.Operation[Schedule]) []provider.Action {
	resource := scheduleARN(o.Record)
	pass := func(name string) []provider.Action {
		passed := provider.When(provider.On(o.Record.Inputs.Target.RoleARN, "iam:PassRole"), "iam:PassedToService", "scheduler.amazonaws.com")
		return append(passed, provider.On(resource, name)...)
	}
	switch o.Verb {
	case provider.Create:
		return pass("scheduler:CreateSchedule")
	case provider.Update:
		return pass("scheduler:UpdateSchedule")
	case provider.Delete:
		return provider.On(resource, "scheduler:DeleteSchedule")
	}
	return provider.On(resource, "scheduler:GetSchedule")
}
