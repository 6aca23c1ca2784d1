package cloud

import (
	"net/http"
	"path/filepath"

	"skiff/local/inspect"
)

// Inspector returns what shows the cloud to people and lets them change it.
func (c *Cloud) Inspector() *inspect.Inspector { return c.inspector }

func (c *Cloud) openInspector() error {
	c.inspector = inspect.New(inspect.Options{
		Stack: c.o.Root.Stack, Functions: c.functions, Groups: c.groups, Tables: c.tables, Queues: c.queues, APIs: c.apis,
		Authority: c.authority, UsesFile: filepath.Join(c.o.Dir, UsesFile), Schedules: c.schedules, Rules: c.rules,
		Watched: c.watched(),
	})
	return nil
}

// watched returns the sources of recorded requests and of the picture of the
// stack.
func (c *Cloud) watched() inspect.Watched {
	return inspect.Watched{
		Store: c.store, Sockets: c.sockets, Recorder: c.recorder,
		Gateway: func() http.Handler { return http.HandlerFunc(c.serve) },
	}
}
