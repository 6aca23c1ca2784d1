package console

import (
	"fmt"
	"net/http"
	"net/url"

	"skiff/local/inspect"
)
