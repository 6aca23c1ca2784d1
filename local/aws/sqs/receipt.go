package sqs

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"skiff/local/aws/awserr"
)

// remove deletes messages by their receipt handles. It returns a problem for
// each invalid handle and deletes the messages of the others. As on AWS, an old
// handle, or the handle of a deleted message, is not an error and deletes
// nothing.
func (q *Queues) remove(key string, handles []string) ([]*awserr.Error, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	problems := make([]*awserr.Error, len(handles))
	var changes []change
	for i, handle := range handles {
		number, receipt, ok := parseHandle(key, handle)
		if !ok {
			problems[i] = awserr.New("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", handle)
			continue
		}
		if e := q.box(key).entries[number]; e != nil && e.Receipt == receipt {
			changes = append(changes, change{key, number, nil})
		}
	}
	return problems, q.apply(q.now(), changes...)
}

// hide sets the visibility timeout of an in-flight message, counted from now.
func (q *Queues) hide(key, handle string, d time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	number, receipt, ok := parseHandle(key, handle)
	if !ok {
		return awserr.New("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", handle)
	}
	now := q.now()
	e := q.box(key).entries[number]
	switch {
	case e == nil || e.Receipt != receipt:
		return awserr.New(invalidValue, "Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", handle)
	case !e.Visible.After(now):
		return awserr.New("MessageNotInflight", "The message referred to isn't in flight.")
	case now.Add(d).Sub(e.Received) > maxVisibility:
		return awserr.New(invalidValue, "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	}
	m := e.message
	m.Visible = now.Add(d)
	if err := q.apply(now, change{key, number, &m}); err != nil {
		return err
	}
	q.box(key).wake() // waiting receivers may expect the message later
	return nil
}

// handle returns the receipt handle of the last receive.
func (m message) handle(key string) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s %d %s", key, m.Number, m.Receipt))
}

func parseHandle(key, handle string) (number uint64, receipt string, ok bool) {
	text, err := base64.StdEncoding.DecodeString(handle)
	parts := strings.Split(string(text), " ")
	if err != nil || len(parts) != 3 || parts[0] != key || parts[2] == "" {
		return 0, "", false
	}
	number, err = strconv.ParseUint(parts[1], 10, 64)
	return number, parts[2], err == nil
}
