package gitlab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/go-retryablehttp"
	"gitlab.com/gitlab-org/api/client-go"
)

// client is GitLab's own, for one merge request. It repeats what failed with
// 429 or 5xx. A note that was written all the same is there twice then, which
// the next Put mends.
type client struct {
	*gitlab.Client
	m MergeRequest
}

type backoff = func(least, most time.Duration, attempt int, response *http.Response) time.Duration

const (
	retries  = 5
	leastGap = 500 * time.Millisecond
	mostGap  = 8 * time.Second
	// patience is the longest wait that GitLab can ask for: some of its limits
	// are by the minute, others by the hour, which no job should stand idle for.
	patience = time.Minute
)

// wait is how long until a request is repeated. GitLab's client minds
// RateLimit-Reset, which not all answers of GitLab have, and leaves Retry-After.
func wait(least, most time.Duration, attempt int, response *http.Response) time.Duration {
	return min(patience, retryablehttp.DefaultBackoff(least, most, attempt, response))
}

func (m MergeRequest) connect() (client, error) {
	if m.backoff == nil {
		m.backoff = wait
	}
	c, err := gitlab.NewClient(m.Token,
		gitlab.WithURLWarningLogger(slog.New(slog.DiscardHandler)),
		gitlab.WithBaseURL(m.API),
		gitlab.WithHTTPClient(&http.Client{Timeout: time.Minute, CheckRedirect: stay}),
		gitlab.WithCustomRetryMax(retries),
		gitlab.WithCustomRetryWaitMinMax(leastGap, mostGap),
		gitlab.WithCustomBackoff(m.backoff))
	if err != nil || m.API == "" {
		return client{}, fmt.Errorf("%q is not the URL of GitLab's API; a pipeline has it in CI_API_V4_URL", m.API)
	}
	return client{c, m}, nil
}

// stay follows no redirect: the token is in a header that net/http would send
// to another host, too.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// explain is a sentence for what went wrong as the client wanted to do
// something. It has no part of the error that the library returned, in which
// the token might be.
func (c client) explain(ctx context.Context, what string, response *gitlab.Response, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("could not %s: %w", what, context.Cause(ctx))
	}
	status := 0
	if response != nil && response.Response != nil {
		status = response.StatusCode
	}
	switch status {
	case http.StatusUnauthorized:
		return fmt.Errorf("could not %s: GitLab does not take the token (401); it is expired, revoked or of another GitLab, so make a new one with the scope api", what)
	case http.StatusForbidden:
		return fmt.Errorf("could not %s: the token may not (403); it needs the scope api, and the role Developer in the project", what)
	case http.StatusNotFound:
		return fmt.Errorf("could not %s: to the token there is no merge request %d in project %s (404); is it a token of this project?", what, c.m.IID, c.m.Project)
	case http.StatusTooManyRequests:
		return fmt.Errorf("could not %s: GitLab still answers that it is asked too often (429), after %d repetitions; run the job again later", what, retries)
	case http.StatusBadRequest:
		return fmt.Errorf("could not %s: GitLab refuses it (400): %s", what, c.message(err))
	}
	switch status / 100 {
	case 3:
		return fmt.Errorf("could not %s: %s answers with a redirect (%d), which the token does not follow; is that the URL of GitLab's API?", what, c.m.API, status)
	case 5:
		return fmt.Errorf("could not %s: GitLab is out of order (%d), after %d repetitions too; run the job again later", what, status, retries)
	}
	return fmt.Errorf("could not %s: %s", what, c.message(err))
}

// longest is how much of a message is shown, in characters.
const longest = 300

// message is what GitLab or the network says, in one line without the token.
func (c client) message(err error) string {
	text := err.Error()
	if answer := (*gitlab.ErrorResponse)(nil); errors.As(err, &answer) {
		text = answer.Message
	}
	text = strings.ReplaceAll(text, c.m.Token, "[token]")
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return text
}
