package items

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"skiff/lambdas/names"
)

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	whole := map[string]string{
		names.TableNameVariable: "t", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
	}
	for missing := range whole {
		_, err := NewStore(func(name string) string {
			if name == missing {
				return ""
			}
			return whole[name]
		}, nil)
		if err == nil || !strings.Contains(err.Error(), missing+" is not set") {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	if _, err := NewStore(func(name string) string { return whole[name] }, nil); err != nil {
		t.Error(err)
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	for level, lines := range map[string]int{"": 3, "debug": 4, "info": 3, "warn": 2, "error": 1} {
		var log bytes.Buffer
		api, err := NewAPI(func(string) string { return level }, &log)
		if err != nil {
			t.Fatal(err)
		}
		api.Log.Debug("a")
		api.Log.Info("a")
		api.Log.Warn("a")
		api.Log.Error("a")
		if got := strings.Count(log.String(), "\n"); got != lines {
			t.Errorf("%q writes %d lines", level, got)
		}
	}
	for _, level := range []string{"INFO", "trace", "warning"} {
		if _, err := NewAPI(func(string) string { return level }, nil); err == nil || !strings.Contains(err.Error(), "set it to debug, info, warn or error") {
			t.Errorf("%q: %v", level, err)
		}
	}
}

// A store that hangs is given up by the tries, not by the function's end: they
// fit a function of ten seconds, which is the timeout of a stack that sets none.
func TestTriesFitAnInvocation(t *testing.T) {
	t.Parallel()
	if longest := tries*tryTime + (tries-1)*maxBackoff; longest > 10*time.Second-answerTime {
		t.Errorf("the tries of one call may take %s", longest)
	}
}
