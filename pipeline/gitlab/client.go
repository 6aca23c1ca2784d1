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

// client is GitLab's Go client for one merge request. It repeats requests that
// fail with 429 or 5xx. If a failed request has written a note after all, there
// are two notes until the next Put deletes one.
type client struct {
	*gitlab.Client
	m MergeRequest
}

type backoff = func(least, most time.Duration, attempt int, response *http.Response) time.Duration

const (
	retries  = 5
	leastGap = 500 * time.Millisecond
	mostGap  = 8 * time.Second
	// patience is the longest wait between two tries. Some limits of GitLab
	// last an hour, which is too long for a job to wait.
	patience = time.Minute
)

// wait returns the time until a request is repeated. The default of GitLab's
// client uses RateLimit-Reset, which some responses lack, and ignores
// Retry-After.
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
		return client{}, fmt.Errorf("%q is not the URL of GitLab's API; a pipeline sets it in CI_API_V4_URL", m.API)
	}
	return client{c, m}, nil
}

// stay does not follow redirects: net/http would send the header with the token
// to another host too.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// explain returns an error that says what to do. It does not wrap the library's
// error, which may contain the token.
func (c client) explain(ctx context.Context, action string, response *gitlab.Response, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("could not %s: %w", action, context.Cause(ctx))
	}
	status := 0
	if response != nil && response.Response != nil {
		status = response.StatusCode
	}
	switch status {
	case http.StatusUnauthorized:
		return fmt.Errorf("could not %s: GitLab refuses the token (401); it has expired, was revoked or is for another GitLab, so create a new one with the scope api", action)
	case http.StatusForbidden:
		return fmt.Errorf("could not %s: the token has no right to do so (403); it needs the scope api and the role Developer in the project", action)
	case http.StatusNotFound:
		return fmt.Errorf("could not %s: the token does not see a merge request %d in project %s (404); check that it is a token of this project", action, c.m.IID, c.m.Project)
	case http.StatusTooManyRequests:
		return fmt.Errorf("could not %s: GitLab limits the rate of requests (429), even after %d repetitions; run the job again later", action, retries)
	case http.StatusBadRequest:
		return fmt.Errorf("could not %s: GitLab refuses the request (400): %s", action, c.message(err))
	}
	switch status / 100 {
	case 3:
		return fmt.Errorf("could not %s: %s answers with a redirect (%d), which is not followed with the token; check that it is the URL of GitLab's API", action, c.m.API, status)
	case 5:
		return fmt.Errorf("could not %s: GitLab fails (%d), even after %d repetitions; run the job again later", action, status, retries)
	}
	return fmt.Errorf("could not %s: %s", action, c.message(err))
}

// maxMessage is how many characters of a message are shown.
const maxMessage = 300

// message returns the message of GitLab or of the network on one line, without
// the token.
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
	if runes := []rune(text); len(runes) > maxMessage {
		text = string(runes[:maxMessage]) + "…"
	}
	return text
}
