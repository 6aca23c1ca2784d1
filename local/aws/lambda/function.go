package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// FunctionToken is the resource type of a function.
const FunctionToken = "aws:lambda/function:Function"

// Function holds the inputs of a function. Container images, layers, VPCs, file
// systems, code in S3 and SnapStart are not supported.
type Function struct {
	Name                         string            `json:"name" aws:"replace"`
	Code                         *provider.Archive `json:"code,omitempty" aws:"required"`
	Role                         string            `json:"role" aws:"required"`
	Handler                      string            `json:"handler,omitempty" aws:"required"`
	Runtime                      string            `json:"runtime,omitempty" aws:"required"`
	Architectures                []string          `json:"architectures,omitempty" aws:"idle"`
	Description                  string            `json:"description,omitempty" aws:"idle"`
	MemorySize                   int               `json:"memorySize,omitempty"`
	Timeout                      int               `json:"timeout,omitempty"`
	ReservedConcurrentExecutions *int              `json:"reservedConcurrentExecutions,omitempty"`
	Environment                  *Environment      `json:"environment,omitempty"`
	EphemeralStorage             *EphemeralStorage `json:"ephemeralStorage,omitempty" aws:"idle"`
	LoggingConfig                *LoggingConfig    `json:"loggingConfig,omitempty"`
	TracingConfig                *TracingConfig    `json:"tracingConfig,omitempty" aws:"idle"`
	PackageType                  string            `json:"packageType,omitempty" aws:"replace,default=Zip"`
	SourceCodeHash               string            `json:"sourceCodeHash,omitempty" aws:"idle"`
	Tags                         map[string]string `json:"tags,omitempty"`
}

// Environment holds the environment variables of a function.
type Environment struct {
	Variables map[string]string `json:"variables,omitempty"`
}

// EphemeralStorage is the size of /tmp in MB. It has no effect here.
type EphemeralStorage struct {
	Size int `json:"size,omitempty"`
}

// LoggingConfig sets the log group of a function. The formats and levels have
// no effect: they apply to AWS's own lines, which are plain text here.
type LoggingConfig struct {
	LogFormat           string `json:"logFormat" aws:"required,idle"`
	LogGroup            string `json:"logGroup,omitempty"`
	ApplicationLogLevel string `json:"applicationLogLevel,omitempty" aws:"idle"`
	SystemLogLevel      string `json:"systemLogLevel,omitempty" aws:"idle"`
}

// TracingConfig is X-Ray tracing. It has no effect here.
type TracingConfig struct {
	Mode string `json:"mode" aws:"required"`
}

// FunctionOutputs holds the properties that AWS adds to a function, including
// defaults.
type FunctionOutputs struct {
	Architectures      []string         `json:"architectures"`
	EphemeralStorage   EphemeralStorage `json:"ephemeralStorage"`
	LoggingConfig      LoggingConfig    `json:"loggingConfig"`
	MemorySize         int              `json:"memorySize"`
	PackageType        string           `json:"packageType"`
	Reserved           int              `json:"reservedConcurrentExecutions"`
	Timeout            int              `json:"timeout"`
	TracingConfig      TracingConfig    `json:"tracingConfig"`
	ARN                string           `json:"arn"`
	CodeSHA256         string           `json:"codeSha256"`
	InvokeARN          string           `json:"invokeArn"`
	LastModified       string           `json:"lastModified"`
	QualifiedARN       string           `json:"qualifiedArn"`
	QualifiedInvokeARN string           `json:"qualifiedInvokeArn"`
	SourceCodeSize     int              `json:"sourceCodeSize"`
	Version            string           `json:"version"`
}

func functions(f *Functions) *provider.Resource[Function, FunctionOutputs] {
	return &provider.Resource[Function, FunctionOutputs]{
		Token: FunctionToken, Named: "name", MaxName: 64, Volatile: []string{"codeSha256", "lastModified", "sourceCodeSize"},
		Check: checkFunction,
		ID:    func(_ provider.Call, in Function) string { return in.Name },
		Create: func(_ context.Context, c provider.Call, r *store.Record[Function]) error {
			return f.deploy(c, r)
		},
		Update: func(_ context.Context, c provider.Call, _ store.Record[Function], r *store.Record[Function]) error {
			return f.deploy(c, r)
		},
		Updated:  f.deployed,
		Delete:   f.remove,
		Actions:  functionActions,
		Describe: describe,
	}
}

func describe(r store.Record[Function]) FunctionOutputs {
	sum, _ := hex.DecodeString(r.State["sha256"])
	size, _ := strconv.Atoi(r.State["size"])
	out := FunctionOutputs{
		Architectures:      r.Inputs.Architectures,
		EphemeralStorage:   EphemeralStorage{Size: 512},
		LoggingConfig:      LoggingConfig{LogFormat: "Text"},
		MemorySize:         orDefault(r.Inputs.MemorySize, 128),
		PackageType:        "Zip",
		Reserved:           -1,
		Timeout:            orDefault(r.Inputs.Timeout, 3),
		TracingConfig:      TracingConfig{Mode: "PassThrough"},
		ARN:                functionARN(r),
		CodeSHA256:         base64.StdEncoding.EncodeToString(sum),
		InvokeARN:          invokeARN(r.Region, functionARN(r)),
		LastModified:       r.State["modified"],
		QualifiedARN:       functionARN(r) + ":$LATEST",
		QualifiedInvokeARN: invokeARN(r.Region, functionARN(r)+":$LATEST"),
		SourceCodeSize:     size,
		Version:            "$LATEST",
	}
	if len(out.Architectures) == 0 {
		out.Architectures = []string{"x86_64"}
	}
	if s := r.Inputs.EphemeralStorage; s != nil {
		out.EphemeralStorage = *s
	}
	if l := r.Inputs.LoggingConfig; l != nil {
		out.LoggingConfig = *l
	}
	out.LoggingConfig.LogGroup = logGroup(r)
	if n := r.Inputs.ReservedConcurrentExecutions; n != nil {
		out.Reserved = *n
	}
	if t := r.Inputs.TracingConfig; t != nil {
		out.TracingConfig = *t
	}
	return out
}

func functionARN(r store.Record[Function]) string {
	return arn.New("lambda", r.Region, r.Account, "function:"+r.ID)
}

// invokeARN returns the ARN by which API Gateway names a function.
func invokeARN(region, function string) string {
	return arn.New("apigateway", region, "lambda", "path/2015-03-31/functions/"+function+"/invocations")
}

// version returns the Version for the settings in r.
func (f *Functions) version(r store.Record[Function]) Version {
	in := r.Inputs
	v := Version{
		Name: r.ID, ARN: functionARN(r), Region: r.Region, Handler: in.Handler,
		MemoryMB: orDefault(in.MemorySize, 128),
		Timeout:  time.Duration(orDefault(in.Timeout, 3)) * time.Second,
		Reserved: -1,
		LogGroup: logGroup(r),
	}
	if in.ReservedConcurrentExecutions != nil {
		v.Reserved = *in.ReservedConcurrentExecutions
	}
	if in.Environment != nil {
		v.Environment = in.Environment.Variables
	}
	return v
}

func logGroup(r store.Record[Function]) string {
	if l := r.Inputs.LoggingConfig; l != nil && l.LogGroup != "" {
		return l.LogGroup
	}
	return "/aws/lambda/" + r.ID
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// versionID returns an ID of the settings and the code of a function. It leaves
// out settings that do not affect how the function runs.
func versionID(r store.Record[Function], code string) string {
	in := r.Inputs
	in.Code, in.Tags, in.Description = nil, nil, ""
	data, err := json.Marshal(in)
	if err != nil {
		data = []byte(strings.ToValidUTF8(err.Error(), ""))
	}
	sum := sha256.Sum256(append(data, code...))
	return hex.EncodeToString(sum[:8])
}
