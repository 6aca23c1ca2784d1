// Package schedule has what EventBridge Scheduler and EventBridge rules share:
// schedule expressions, and a runner that starts what is due.
package schedule
