package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// pageLimit is how long a page may take to become what a test waits for.
const pageLimit = time.Minute

// browser is one page of a Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string // errors of the console, of the network and of the page's policy
}

// chromium is the command of a browser, or the test is skipped.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("SKIFF_TEST_BROWSER") == "required" {
		t.Fatal("there is no chromium, chromium-browser or google-chrome on PATH")
	}
	t.Skip("the console is not tested: there is no chromium, chromium-browser or google-chrome on PATH")
	return ""
}

// openBrowser starts a browser with an empty profile and one page.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	ctx, stop := chromedp.NewContext(t.Context(), chromedp.WithErrorf(t.Logf), chromedp.WithAllocatorOptions(
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("no-proxy-server", true),
	))
	t.Cleanup(stop)
	b := &browser{t: t, ctx: ctx}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type != "log" && m.Type != "debug" && m.Type != "info" && m.Type != "verbose" {
				b.mu.Lock()
				b.problems = append(b.problems, m.String()+" at "+m.URL)
				b.mu.Unlock()
			}
		}
	}()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return b
}

// eval is the value of an expression on the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// do does something on the page.
func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// complaints are the problems that there were until now.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.problems)
}

// until waits for an expression on the page to be true.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(pageLimit); !eval[bool](b, "!!("+expression+")"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("not within %s: %s, on %s\n%s", pageLimit, what, eval[string](b, "location.href"), eval[string](b, "document.body.innerText"))
		}
	}
}

// open opens a page and waits until it is there.
func (b *browser) open(url string) {
	b.t.Helper()
	b.do(url, chromedp.Navigate(url))
}

// arrive waits for another page than the one that is marked as left.
func (b *browser) arrive(at string) {
	b.t.Helper()
	b.until("the page "+at, fmt.Sprintf("!window.left && document.readyState === 'complete' && location.href.includes(%q)", at))
}

// press presses a link or button by its text, and waits for the page that it leads
// to.
func (b *browser) press(text, to string) {
	b.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll('a, button')].find(e => e.innerText.trim().startsWith(%q))", text)
	b.until("a link or button "+text, find)
	eval[bool](b, "window.left = true; "+find+".click(), true")
	b.arrive(to)
}

// key presses a key of the keyboard.
func (b *browser) key(key string) {
	b.t.Helper()
	b.do("a key", chromedp.KeyEvent(key))
}

// look sets the size of the page, and whether its person likes it dark.
func (b *browser) look(width, height int64, scheme string) {
	b.t.Helper()
	b.do("the size", chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// screenshot writes what is seen of the page.
func (b *browser) screenshot(file string) {
	b.t.Helper()
	data, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		b.t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, picture); err != nil {
		b.t.Fatal(err)
	}
	if small.Len() > 150<<10 {
		b.t.Errorf("%s has %d bytes", file, small.Len())
	}
	if err := os.WriteFile(file, small.Bytes(), 0o644); err != nil {
		b.t.Fatal(err)
	}
}
