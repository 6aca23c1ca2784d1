// Package schedule is what EventBridge Scheduler and the rules of EventBridge have
// in common: the expressions that say when something runs, and what runs it then.
package schedule
