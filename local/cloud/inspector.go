package cloud

import (
	"path/filepath"

	"skiff/local/inspect"
)

// Inspector is what people see of the cloud, and what they do to it.
func (c *Cloud) Inspector() *inspect.Inspector { return c.inspector }

func (c *Cloud) openInspector() error {
	c.inspector = inspect.New(inspect.Options{
		Stack: c.o.Root.Stack, Functions: c.functions, Groups: c.groups, Tables: c.tables, Queues: c.queues, APIs: c.apis,
		Authority: c.authority, UsesFile: filepath.Join(c.o.Dir, UsesFile), Schedules: c.schedules, Rules: c.rules,
	})
	return nil
}
