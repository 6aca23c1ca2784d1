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

// reader reads the settings that are of this program alone, too.
type reader struct{ *settings.Reader }

func (r reader) target(key string) build.Target {
	value, ok := r.Text(key)
	target, err := build.ParseTarget(value)
	if ok && err != nil {
		r.Report(fmt.Errorf("%s:%s %w; change it with %s", r.Project, key, err, r.Command("set", key, "VALUE")))
	}
	return target
}

// logDays takes the periods that CloudWatch Logs has. For ever is none of them.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
func (r reader) logDays(key string) int {
	n, err := strconv.Atoi(r.OneOf(key, "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545",
		"731", "1096", "1827", "2192", "2557", "2922", "3288", "3653"))
	if err != nil {
		return 0 // refused above
	}
	return n
}

// stage takes the names that API Gateway takes.
// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html
func (r reader) stage(key string) string {
	return r.Match(key, `\$default|[A-Za-z0-9_-]{1,128}`, "$default, or 1 to 128 of A-Z a-z 0-9 _ -")
}

// region is the one setting of Pulumi's own AWS settings that is read.
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

// refuseAWS refuses Pulumi's own AWS settings but the region, of which this
// program's provider takes none.
func (r reader) refuseAWS(keys []string) {
	for _, key := range keys {
		if strings.HasPrefix(key, "aws:") && key != "aws:region" {
			r.Report(fmt.Errorf("%s has no effect: this program's provider takes %s:account, profile, role and tags; "+
				"remove it with %s", key, r.Project, r.Command("rm", key)))
		}
	}
}

// sameAccount refuses a role or a boundary of another account than the stack's:
// AWS would refuse it anyway, later and by another name.
func (r reader) sameAccount(cfg config) {
	if len(cfg.Account) != 12 {
		return // refused above
	}
	for key, arn := range map[string]string{"role": cfg.Role, "permissionsBoundary": cfg.PermissionsBoundary} {
		if parts := strings.Split(arn, ":"); len(parts) == 6 && parts[4] != cfg.Account {
			r.Report(fmt.Errorf("%s:%s is of account %s and %[1]s:account is %[4]s; they must be one", r.Project, key, parts[4], cfg.Account))
		}
	}
}

// tags takes what AWS takes as tags. The names of IAM's tags differ in more
// than case.
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
			r.RefusePart(key, strconv.Quote(name), "tags with names of their own (not Project, Stack, ManagedBy, nor one twice), 1 to 128 characters, not aws:")
		}
		seen[strings.ToLower(name)] = true
		if !tagText(tags[name], 0, 256) {
			r.RefusePart(key, strconv.Quote(tags[name]), "tags with values of letters, digits, spaces and _ . : / = + - @, 256 characters at most")
		}
	}
	return tags
}

// tagText tells whether a text has only what tags may have, and so many
// characters.
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

// recovery takes the windows that Secrets Manager has.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
func (r reader) recovery(key string) int {
	value, ok := r.Text(key)
	n, err := strconv.Atoi(value)
	if ok && (err != nil || n != 0 && (n < 7 || n > 30)) {
		r.Refuse(key, value, "0, or a whole number of days from 7 to 30")
	}
	return n
}
