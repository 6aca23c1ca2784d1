package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"skiff/infra/build"
	"skiff/infra/settings"
)

// reader adds the setting types of this program to settings.Reader. Each method
// returns the value of a setting and reports a wrong one.
type reader struct{ *settings.Reader }

func (r reader) target(key string) build.Target {
	value, ok := r.Text(key)
	target, err := build.ParseTarget(value)
	if ok && err != nil {
		r.Report(fmt.Errorf("%s:%s %w; change it with %s", r.Project, key, err, r.Command("set", key, "VALUE")))
	}
	return target
}

// logDays accepts the retention periods of CloudWatch Logs, but not "never
// expire".
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
func (r reader) logDays(key string) int {
	n, err := strconv.Atoi(r.OneOf(key, "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545",
		"731", "1096", "1827", "2192", "2557", "2922", "3288", "3653"))
	if err != nil {
		return 0 // OneOf reported it
	}
	return n
}

// stage accepts the stage names that API Gateway accepts.
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html
func (r reader) stage(key string) string {
	return r.Match(key, `\$default|[A-Za-z0-9_-]{1,128}`, "$default, or 1 to 128 of A-Z a-z 0-9 _ -")
}

// region reads aws:region, the only one of Pulumi's own AWS settings that this
// program uses.
func (r reader) region() string {
	value, _ := r.Lookup("aws:region")
	if !regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`).MatchString(value) {
		r.Report(fmt.Errorf("aws:region must be a region, such as eu-central-1, not %q; "+
			"set it with %s", value, r.Command("set", "aws:region", "VALUE")))
	}
	return value
}

func (r reader) role(key string) string {
	return r.Optional(key, `arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}`,
		"the ARN of a role, such as arn:aws:iam::111111111111:role/deploy")
}

// refuseAWS refuses Pulumi's own AWS settings except the region: this program's
// provider ignores them.
func (r reader) refuseAWS(keys []string) {
	for _, key := range keys {
		if strings.HasPrefix(key, "aws:") && key != "aws:region" {
			r.Report(fmt.Errorf("%s has no effect: this program's provider uses only %s:account, profile, role and tags; "+
				"remove it with %s", key, r.Project, r.Command("rm", key)))
		}
	}
}

// sameAccount refuses a role or a boundary in another account than the stack's.
// AWS would refuse it too, but later and with a less clear error.
func (r reader) sameAccount(cfg config) {
	if len(cfg.Account) != 12 {
		return // Match reported it
	}
	for key, arn := range map[string]string{"role": cfg.Role, "permissionsBoundary": cfg.PermissionsBoundary} {
		if parts := strings.Split(arn, ":"); len(parts) == 6 && parts[4] != cfg.Account {
			r.Report(fmt.Errorf("%s:%s belongs to account %s, but %[1]s:account is %[4]s; both must name the same account", r.Project, key, parts[4], cfg.Account))
		}
	}
}

// tags accepts the tags that AWS accepts. IAM compares tag names without case,
// so names must differ in more than case.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
func (r reader) tags(key string) map[string]string {
	tags := map[string]string{}
	if !r.Object(key, "tags, such as {Team: web}", &tags) {
		return nil
	}
	seen := map[string]bool{"project": true, "stack": true, "managedby": true}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if !tagText(name, 1, 128) || strings.HasPrefix(strings.ToLower(name), "aws:") ||
			seen[strings.ToLower(name)] {
			r.RefusePart(key, strconv.Quote(name), "tags with unique names of 1 to 128 characters, other than Project, Stack and ManagedBy and without the prefix aws:")
		}
		seen[strings.ToLower(name)] = true
		if !tagText(tags[name], 0, 256) {
			r.RefusePart(key, strconv.Quote(tags[name]), "tags with values of letters, digits, spaces and _ . : / = + - @, at most 256 characters")
		}
	}
	return tags
}

// tagText reports whether a text has only characters that tags may have, and
// least to most of them.
func tagText(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return n >= least && n <= most && regexp.MustCompile(`^[\p{L}\p{N} _.:/=+@-]*$`).MatchString(text)
}

func (r reader) throttles(key string) map[string]throttle {
	throttles := map[string]throttle{}
	if !r.Object(key, "throttles by route key, such as {GET /items: {rate: 10, burst: 20}}", &throttles) {
		return nil
	}
	for _, route := range slices.Sorted(maps.Keys(throttles)) {
		if t := throttles[route]; t.Rate < 1 || t.Rate > maxRate || t.Burst < 1 || t.Burst > maxBurst {
			r.RefusePart(key, strconv.Quote(route), fmt.Sprintf("throttles with a rate of 1 to %d and a burst of 1 to %d, both", maxRate, maxBurst))
		}
	}
	return throttles
}

// recovery accepts the recovery windows of Secrets Manager.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
func (r reader) recovery(key string) int {
	value, ok := r.Text(key)
	n, err := strconv.Atoi(value)
	if ok && (err != nil || n != 0 && (n < 7 || n > 30)) {
		r.Refuse(key, value, "0, or a whole number of days from 7 to 30")
	}
	return n
}
