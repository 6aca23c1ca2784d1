package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// pageLimit is how long a page may take to become what a test waits for.
const pageLimit = time.Minute

// browser is one page of a Chromium, which the DevTools protocol controls
// (https://chromedevtools.github.io/devtools-protocol/).
type browser struct {
	t        *testing.T
	conn     *websocket.Conn
	last     int
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
	cmd := exec.Command(chromium(t), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
		"--remote-debugging-port=0", "--user-data-dir="+t.TempDir(), "about:blank")
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	address := ""
	for lines := bufio.NewScanner(stderr); address == "" && lines.Scan(); {
		_, address, _ = strings.Cut(lines.Text(), "DevTools listening on ws://")
	}
	go io.Copy(io.Discard, stderr)
	host, _, _ := strings.Cut(address, "/")
	var pages []struct{ Type, WebSocketDebuggerURL string }
	response, err := http.Get("http://" + host + "/json/list")
	if err != nil {
		t.Fatalf("the browser does not answer at %q: %v", address, err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&pages); err != nil || len(pages) == 0 {
		t.Fatalf("the browser has %d pages: %v", len(pages), err)
	}
	b := &browser{t: t}
	if b.conn, _, err = websocket.Dial(t.Context(), pages[0].WebSocketDebuggerURL, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.conn.CloseNow() })
	b.conn.SetReadLimit(-1)
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil)
	}
	return b
}

// call calls a method and waits for its answer. The events before it are looked
// through for problems.
func (b *browser) call(method string, params any) json.RawMessage {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), pageLimit)
	defer cancel()
	b.last++
	data, err := json.Marshal(map[string]any{"id": b.last, "method": method, "params": params})
	if err == nil {
		err = b.conn.Write(ctx, websocket.MessageText, data)
	}
	for err == nil {
		if _, data, err = b.conn.Read(ctx); err != nil {
			break
		}
		var m struct {
			ID             int
			Method         string
			Params, Result json.RawMessage
			Error          *struct{ Message string }
		}
		if err = json.Unmarshal(data, &m); err != nil {
			break
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if m.ID == b.last {
			return m.Result
		}
		b.note(m.Method, m.Params)
	}
	b.t.Fatalf("%s: %v", method, err)
	return nil
}

// note keeps an event that is a problem.
func (b *browser) note(method string, params json.RawMessage) {
	switch {
	case method == "Runtime.exceptionThrown",
		method == "Runtime.consoleAPICalled" && !bytes.Contains(params, []byte(`"type":"log"`)),
		method == "Log.entryAdded" && !bytes.Contains(params, []byte(`"level":"verbose"`)):
		b.problems = append(b.problems, method+" "+string(params))
	}
}

// eval is the value of an expression on the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	var out struct {
		Result           struct{ Value T }
		ExceptionDetails json.RawMessage
	}
	result := b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true})
	if err := json.Unmarshal(result, &out); err != nil || out.ExceptionDetails != nil {
		b.t.Fatalf("%s: %v %s", expression, err, out.ExceptionDetails)
	}
	return out.Result.Value
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

// open opens a page and waits until it is there. A page that it leaves is marked,
// or the old one would be taken for the new one.
func (b *browser) open(url string) {
	b.t.Helper()
	eval[bool](b, "window.left = true")
	b.call("Page.navigate", map[string]any{"url": url})
	b.arrive(url)
}

// arrive waits for another page than the one that was left.
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
func (b *browser) key(name string) {
	b.t.Helper()
	codes := map[string]int{"Tab": 9, "Enter": 13}
	text := map[string]string{"Enter": "\r"}[name]
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": name, "code": name, "windowsVirtualKeyCode": codes[name]}
		if kind == "keyDown" && text != "" {
			params["text"] = text
		}
		b.call("Input.dispatchKeyEvent", params)
	}
}

// look sets the size of the page, and whether its person likes it dark.
func (b *browser) look(width, height int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}}})
}

// screenshot writes what is seen of the page.
func (b *browser) screenshot(file string) {
	b.t.Helper()
	var shot struct{ Data string }
	err := json.Unmarshal(b.call("Page.captureScreenshot", map[string]any{"format": "png"}), &shot)
	data, failed := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil || failed != nil {
		b.t.Fatal(err, failed)
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
