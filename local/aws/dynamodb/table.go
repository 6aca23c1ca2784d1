package dynamodb

import (
	"net/http"
	"sync"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Token is the resource type of a table.
const Token = "aws:dynamodb/table:Table"

// Table holds the inputs of a table. Replicas, imports and restores are not
// supported.
type Table struct {
	Name                      string            `json:"name" aws:"replace"`
	Attributes                []Attribute       `json:"attributes,omitempty" aws:"required"`
	HashKey                   string            `json:"hashKey,omitempty" aws:"required,replace"`
	RangeKey                  string            `json:"rangeKey,omitempty" aws:"replace"`
	BillingMode               string            `json:"billingMode,omitempty" aws:"idle"`
	ReadCapacity              int               `json:"readCapacity,omitempty" aws:"idle"`
	WriteCapacity             int               `json:"writeCapacity,omitempty" aws:"idle"`
	GlobalSecondaryIndexes    []Index           `json:"globalSecondaryIndexes,omitempty"`
	LocalSecondaryIndexes     []LocalIndex      `json:"localSecondaryIndexes,omitempty" aws:"replace,set"`
	TTL                       *TTL              `json:"ttl,omitempty" aws:"idle"`
	PointInTimeRecovery       *Recovery         `json:"pointInTimeRecovery,omitempty" aws:"idle"`
	ServerSideEncryption      *Encryption       `json:"serverSideEncryption,omitempty" aws:"idle"`
	DeletionProtectionEnabled bool              `json:"deletionProtectionEnabled,omitempty"`
	StreamEnabled             bool              `json:"streamEnabled,omitempty"`
	StreamViewType            string            `json:"streamViewType,omitempty" aws:"computed"`
	TableClass                string            `json:"tableClass,omitempty" aws:"idle"`
	Tags                      map[string]string `json:"tags,omitempty"`
}

// Attribute is a key attribute of type S, N or B.
type Attribute struct {
	Name string `json:"name" aws:"required"`
	Type string `json:"type" aws:"required"`
}

// Index is a global secondary index.
type Index struct {
	Name             string   `json:"name" aws:"required"`
	HashKey          string   `json:"hashKey,omitempty" aws:"required"`
	RangeKey         string   `json:"rangeKey,omitempty"`
	ProjectionType   string   `json:"projectionType" aws:"required"`
	NonKeyAttributes []string `json:"nonKeyAttributes,omitempty"`
	ReadCapacity     int      `json:"readCapacity,omitempty" aws:"idle"`
	WriteCapacity    int      `json:"writeCapacity,omitempty" aws:"idle"`
}

// LocalIndex is a local secondary index; its hash key is the table's.
type LocalIndex struct {
	Name             string   `json:"name" aws:"required"`
	RangeKey         string   `json:"rangeKey" aws:"required"`
	ProjectionType   string   `json:"projectionType" aws:"required"`
	NonKeyAttributes []string `json:"nonKeyAttributes,omitempty"`
}

// TTL names the attribute with the expiry time of an item, in Unix seconds. The
// local cloud keeps expired items, because AWS may take days to delete them.
type TTL struct {
	AttributeName string `json:"attributeName,omitempty"`
	Enabled       bool   `json:"enabled,omitempty"`
}

// Recovery is point-in-time recovery. It has no effect here.
type Recovery struct {
	Enabled              bool `json:"enabled"`
	RecoveryPeriodInDays int  `json:"recoveryPeriodInDays,omitempty"`
}

// Encryption is server-side encryption. It has no effect here.
type Encryption struct {
	Enabled   bool   `json:"enabled"`
	KMSKeyARN string `json:"kmsKeyArn,omitempty"`
}

// Outputs holds the properties that AWS adds to a table, including defaults.
type Outputs struct {
	ARN           string `json:"arn"`
	BillingMode   string `json:"billingMode"`
	ReadCapacity  int    `json:"readCapacity"`
	StreamARN     string `json:"streamArn"`
	StreamLabel   string `json:"streamLabel"`
	WriteCapacity int    `json:"writeCapacity"`
}

// Tables keeps tables in an engine that implements the DynamoDB API.
type Tables struct {
	db     *store.Store
	engine Engine
	http   *http.Client
	now    func() time.Time

	mu            sync.Mutex
	engineStreams map[string]engineStream // by table, as last read
	changed       chan struct{}           // closed at the next change of an item; nil if no call waits
}

// New returns Tables with the records in db and the items in engine.
func New(db *store.Store, engine Engine) *Tables {
	return &Tables{db: db, engine: engine, http: &http.Client{Transport: &http.Transport{IdleConnTimeout: idleLimit}}, now: time.Now, engineStreams: map[string]engineStream{}}
}

// Types returns the resource types of DynamoDB.
func (t *Tables) Types() []provider.Kind { return []provider.Kind{resourceType(t)} }

// resourceType returns the resource type of tables.
func resourceType(t *Tables) *provider.Resource[Table, Outputs] {
	return &provider.Resource[Table, Outputs]{
		Token: Token, Named: "name", MaxName: 255,
		VolatileWith: map[string][]string{"streamArn": {"streamEnabled", "streamViewType"}, "streamLabel": {"streamEnabled", "streamViewType"}},
		Check:        check,
		ID:           func(_ provider.Call, in Table) string { return in.Name },
		Create:       t.create,
		Outside:      true,
		Update:       t.update,
		Delete:       t.delete,
		Actions:      tableActions,
		Describe: func(r store.Record[Table]) Outputs {
			in := r.Inputs
			out := Outputs{ARN: tableARN(r), BillingMode: in.BillingMode, ReadCapacity: in.ReadCapacity, WriteCapacity: in.WriteCapacity}
			if out.BillingMode == "" {
				out.BillingMode = "PROVISIONED"
			}
			if all, err := t.streamsOf(r.ID); err == nil && all.enabled() != nil {
				out.StreamARN, out.StreamLabel = streamARN(r, *all.enabled()), all.enabled().Label
			}
			return out
		},
	}
}

func tableARN(r store.Record[Table]) string {
	return arn.New("dynamodb", r.Region, r.Account, "table/"+r.ID)
}
