package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
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

// pageLimit is the time that a page has to reach the state that a test waits
// for.
const pageLimit = time.Minute

// browser is one page of a Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string // errors of the console, of the network and of the content security policy
}

// chromium returns the command of a browser, or skips the test.
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

// eval returns the value of an expression on the page.
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

// do runs actions on the page.
func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// complaints returns the problems so far.
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

// open opens a page and waits until it is loaded.
func (b *browser) open(url string) {
	b.t.Helper()
	b.do(url, chromedp.Navigate(url))
}

// arrive waits for a page other than the one that is marked as left.
func (b *browser) arrive(at string) {
	b.t.Helper()
	b.until("the page "+at, fmt.Sprintf("!window.left && document.readyState === 'complete' && location.href.includes(%q)", at))
}

// press clicks a link or button by its text, and waits for the page that it
// leads to.
func (b *browser) press(text, to string) {
	b.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll('a, button')].find(e => e.innerText.trim().startsWith(%q))", text)
	b.until("a link or button "+text, find)
	eval[bool](b, "window.left = true; "+find+".click(), true")
	b.arrive(to)
}

// key presses a key.
func (b *browser) key(key string) {
	b.t.Helper()
	b.do("a key", chromedp.KeyEvent(key))
}

// look sets the size of the page and its colour scheme.
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

// screenshot writes a picture of the visible page.
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
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColours(picture)); err != nil {
		b.t.Fatal(err)
	}
	if small.Len() > 150<<10 {
		b.t.Errorf("%s has %d bytes", file, small.Len())
	}
	if err := os.WriteFile(file, small.Bytes(), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// fewColours reduces a picture to at most 256 colours, for a small file. It
// drops low bits of each colour until few enough colours are left.
func fewColours(of image.Image) image.Image {
	for keep := byte(0xf8); keep != 0; keep <<= 1 {
		var colours color.Palette
		known := map[color.RGBA]uint8{}
		out := image.NewPaletted(of.Bounds(), nil)
		for i := range out.Pix {
			x, y := i%out.Stride, i/out.Stride
			r, g, b, _ := of.At(of.Bounds().Min.X+x, of.Bounds().Min.Y+y).RGBA()
			c := color.RGBA{byte(r>>8) & keep, byte(g>>8) & keep, byte(b>>8) & keep, 255}
			at, ok := known[c]
			if !ok && len(colours) < 256 {
				at = uint8(len(colours))
				known[c], ok = at, true
				colours = append(colours, color.RGBA{byte(r >> 8), byte(g >> 8), byte(b >> 8), 255})
			}
			if !ok {
				colours = nil
				break
			}
			out.Pix[i] = at
		}
		if colours != nil {
			out.Palette = colours
			return out
		}
	}
	return of
}
