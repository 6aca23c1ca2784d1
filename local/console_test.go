package main

import (
	"flag"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/chromedp/chromedp/kb"
)

var screenshots = flag.String("screenshots", "", "`DIR` that TestConsole writes pictures of the console to, such as ../docs/local")

// hostile is text that would run as a script if a page did not escape it.
const hostile = `<script>document.title='taken'</script><img src=x onerror="document.title='taken'">`

// TestConsole uses the console in a browser, on a served stack.
func TestConsole(t *testing.T) {
	t.Parallel()
	needs(t, sample()...)
	chromium(t)
	dir := built(t)
	apply(t, dir, recipeOf(t, "A nightly schedule"))
	copyTree(t, filepath.Join("testdata", "console"), dir)
	const sources = "\tsources, err := newSources(s, data, fns)\n"
	edit(t, filepath.Join(dir, "infra", "main.go"), sources, "\tif err := newOrders(s); err != nil {\n\t\treturn nil, err\n\t}\n"+sources)
	s := serving(t, dir)
	c := newClient(t, s, "-C", dir)
	b := openBrowser(t)
	b.look(1280, 900, "light")

	b.step("a request appears without a reload", func(t *testing.T) { b.seesRequest(t, c) })
	b.step("a request is replayed", func(t *testing.T) { b.replays(t, s) })
	b.step("an item is text", func(t *testing.T) { b.seesItem(t, s) })
	b.step("dead letters go back", func(t *testing.T) { b.redrives(t, s, newOperator(t, dir, "local")) })
	b.step("a schedule runs", func(t *testing.T) { b.runsSchedule(t, s) })
	b.step("a keyboard is enough", func(t *testing.T) { b.walks(t, s) })
	b.step("nothing is wider than a phone", func(t *testing.T) { b.fits(t, s, c) })
	if *screenshots != "" {
		b.photograph(s, c, *screenshots)
	}
	for _, problem := range b.complaints() {
		t.Errorf("the browser reports: %s", problem)
	}
	// A page with a live feed must not delay the end of the server.
	b.open(s.url + "/_local/requests")
	b.until("it is live", "document.getElementById('live-state').className === 'live on'")
	began := time.Now()
	s.stop(syscall.SIGTERM)
	if took := time.Since(began); took >= drain {
		t.Errorf("the end took %s: a feed has kept it", took)
	}
	nothingRuns(t, filepath.Join(dir, ".local"))
}

// step runs a part of the test as a subtest.
func (b *browser) step(name string, do func(t *testing.T)) {
	whole := b.t
	defer func() { b.t = whole }()
	whole.Run(name, func(t *testing.T) {
		b.t = t
		do(t)
	})
}

func (b *browser) seesRequest(t *testing.T, c client) {
	b.open(c.url + "/_local/requests")
	b.until("it is live", "document.getElementById('live-state').className === 'live on'")
	eval[bool](b, "window.same = true")
	eval[bool](b, `window.said = "", new MutationObserver(() => window.said += document.getElementById("live-said").textContent + "\n").observe(document.getElementById("live-said"), {childList: true}), true`)
	a := c.request(t, http.MethodPost, "/items", fmt.Sprintf(`{"name":%q,"status":"active"}`, hostile))
	if a.status != http.StatusCreated {
		t.Fatalf("POST /items answers %d %s", a.status, a.body)
	}
	// What its queue invokes may come before it.
	const row = `[...document.querySelectorAll('#live-rows tr')].find(r => r.querySelector('a').textContent === 'POST /items')`
	b.until("the request", row)
	// The invocations end shortly after the answer is sent.
	b.until("its functions", "/201 Created[^]*authorize, create-item[^]*allowed/.test("+row+".innerText)")
	b.until("it is said", "window.said.includes('POST /items: 201 Created')")
	if !eval[bool](b, "window.same === true") {
		t.Error("the page was loaded again")
	}
}

func (b *browser) replays(t *testing.T, s *server) {
	b.press("POST /items", "/_local/requests/")
	first := eval[string](b, "location.pathname")
	page := eval[string](b, "document.body.innerText")
	for _, want := range []string{"create-item", "Bearer ••••••••", "START RequestId", "dynamodb:PutItem", "secretsmanager:GetSecretValue", "init took"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the request lacks %q", want)
		}
	}
	if strings.Contains(page, "eyJ") {
		t.Error("the page shows a token")
	}
	if lit := eval[int](b, "document.querySelectorAll('svg .lit.box').length"); lit < 5 { // route, two functions, table, queue
		t.Errorf("%d parts of the picture are lit", lit)
	}
	eval[bool](b, "window.left = true; document.querySelector('main form button').click(), true")
	b.until("the replay", fmt.Sprintf("!window.left && location.pathname.startsWith('/_local/requests/') && location.pathname !== %q && document.readyState === 'complete'", first))
	if page := eval[string](b, "document.body.innerText"); !strings.Contains(page, "201 Created") || !strings.Contains(page, "allowed (cached)") {
		t.Errorf("the replay is\n%s", page)
	}
}

func (b *browser) seesItem(t *testing.T, s *server) {
	b.open(s.url + "/_local/tables")
	b.press("items", "/_local/tables/")
	b.until("the item", "document.body.innerText.includes('<script>')")
	if title := eval[string](b, "document.title"); strings.Contains(title, "taken") || eval[int](b, "document.querySelectorAll('main img, main script').length") > 0 {
		t.Errorf("the text of an item is more than text: %s", title)
	}
}

func (b *browser) redrives(t *testing.T, s *server, o operator) {
	b.open(s.url + "/_local/queues")
	const row = `[...document.querySelectorAll('main tr')].find(r => r.querySelector('th a')?.innerText === 'orders')`
	name := eval[string](b, row+".cells[1].innerText")
	client, url := sqs.NewFromConfig(o.config("SQS")), s.url+"/_queues/000000000000/"+name
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String(`{"order":"o-17","note":"</pre>"}`)}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second receive moves the message to the dead-letter queue
		if _, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url}); err != nil {
			t.Fatal(err)
		}
	}
	b.open(s.url + "/_local/queues")
	b.until("the dead letter", "document.body.innerText.includes('1 dead')")
	b.press("orders-dead", "/_local/queues/")
	if page := eval[string](b, "document.body.innerText"); !strings.Contains(page, "o-17") || !strings.Contains(page, "</pre>") {
		t.Errorf("the dead letter is\n%s", page)
	}
	b.press("Redrive", "moved=1,0")
	b.until("it has moved", "document.body.innerText.includes('1 message was moved back.') && document.body.innerText.includes('The queue is empty.')")
	b.open(s.url + "/_local/queues")
	b.until("it is where it was", row+".cells[2].innerText === '1' && !document.body.innerText.includes('1 dead')")
}

func (b *browser) runsSchedule(t *testing.T, s *server) {
	b.open(s.url + "/_local/schedules")
	b.press("Run now", "/_local/requests/")
	if page := eval[string](b, "document.body.innerText"); !strings.Contains(page, "succeeded") || !strings.Contains(page, "swept") {
		t.Errorf("the run is\n%s", page)
	}
}

// walks goes from the console's first page to a replay with Tab and Enter only.
func (b *browser) walks(t *testing.T, s *server) {
	focused := func() string { return eval[string](b, "document.activeElement.innerText.trim()") }
	b.open(s.url + "/_local/")
	b.key(kb.Tab)
	if text := focused(); text != "Skip to the content" || !eval[bool](b, "document.activeElement.getBoundingClientRect().top >= 0") {
		t.Errorf("the first stop is %q, or is not seen", text)
	}
	b.key(kb.Enter)
	b.until("the content has the focus", "document.activeElement.id === 'main'")
	tabTo := func(text string) {
		t.Helper()
		for range 60 {
			b.key(kb.Tab)
			if strings.HasPrefix(focused(), text) {
				if outline := eval[string](b, "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth"); outline != "solid3px" {
					t.Errorf("the focus of %s is not seen: %s", text, outline)
				}
				eval[bool](b, "window.left = true")
				b.key(kb.Enter)
				return
			}
		}
		t.Fatalf("no %s is reached by Tab", text)
	}
	b.open(s.url + "/_local/")
	tabTo("Requests")
	b.arrive("/_local/requests")
	tabTo("POST /items")
	b.arrive("/_local/requests/")
	before := eval[string](b, "location.pathname")
	tabTo("Replay")
	b.until("the replay", fmt.Sprintf("!window.left && location.pathname !== %q", before))
}

// fits checks each page at the width of a phone, 360 pixels.
func (b *browser) fits(t *testing.T, s *server, c client) {
	b.look(360, 740, "light")
	defer b.look(1280, 900, "light")
	b.open(s.url + "/_local/requests")
	request := eval[string](b, "document.querySelector('#live-rows a').href")
	b.open(s.url + "/_local/tables")
	table := eval[string](b, "document.querySelector('main td a, main th a').href")
	for _, url := range []string{s.url + "/_local/", s.url + "/_local/requests", request, s.url + "/_local/tables", table,
		s.url + "/_local/queues", s.url + "/_local/connections", s.url + "/_local/schedules", s.url + "/_local/roles"} {
		b.open(url)
		if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 360 {
			t.Errorf("%s is %d pixels wide", url, wide)
		}
	}
}

// photograph writes the pictures of the docs.
func (b *browser) photograph(s *server, c client, dir string) {
	for _, name := range []string{"Anchor shackle, 12 mm", "Fender, blue", "Mooring line, 20 m", "Sail tape"} {
		c.request(b.t, http.MethodPost, "/items", fmt.Sprintf(`{"name":%q,"status":"active"}`, name))
	}
	c.request(b.t, http.MethodGet, "/items?status=active&limit=3", "")
	c.request(b.t, http.MethodGet, "/items/01JDOESNOTEXIST", "")
	c.request(b.t, http.MethodGet, "/health", "")
	b.look(1280, 1180, "light")
	b.open(s.url + "/_local/")
	b.screenshot(filepath.Join(dir, "console-desktop.png"))
	b.press("POST /items", "/_local/requests/")
	b.look(390, 844, "light")
	b.screenshot(filepath.Join(dir, "console-phone.png"))
	b.look(1280, 900, "dark")
	b.screenshot(filepath.Join(dir, "console-dark.png"))
}
