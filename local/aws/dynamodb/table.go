package dynamodb

import (
	"net/http"
	"sync"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Token is the resource type of this package.
const Token = "aws:dynamodb/table:Table"

// Table is the inputs of a table. Replicas, imports and restores are left out.
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

// Attribute is an attribute of a key, of type S, N or B.
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

// LocalIndex is a local secondary index, which has the table's hash key.
type LocalIndex struct {
	Name             string   `json:"name" aws:"required"`
	RangeKey         string   `json:"rangeKey" aws:"required"`
	ProjectionType   string   `json:"projectionType" aws:"required"`
	NonKeyAttributes []string `json:"nonKeyAttributes,omitempty"`
}

// TTL names the attribute with the Unix second after which an item may go.
// The local cloud keeps such items: AWS may take days to remove them.
type TTL struct {
	AttributeName string `json:"attributeName,omitempty"`
	Enabled       bool   `json:"enabled,omitempty"`
}

// Recovery is point-in-time recovery; here it is a setting without effect.
type Recovery struct {
	Enabled              bool `json:"enabled"`
	RecoveryPeriodInDays int  `json:"recoveryPeriodInDays,omitempty"`
}

// Encryption is server-side encryption; here it is a setting without effect.
type Encryption struct {
	Enabled   bool   `json:"enabled"`
	KMSKeyARN string `json:"kmsKeyArn,omitempty"`
}

// Outputs is what AWS adds to a table, its defaults included.
type Outputs struct {
	ARN           string `json:"arn"`
	BillingMode   string `json:"billingMode"`
	ReadCapacity  int    `json:"readCapacity"`
	StreamARN     string `json:"streamArn"`
	StreamLabel   string `json:"streamLabel"`
	WriteCapacity int    `json:"writeCapacity"`
}

// Tables keeps tables in an engine that speaks DynamoDB's protocol.
type Tables struct {
	db     *store.Store
	engine Engine
	http   *http.Client
	now    func() time.Time

	mu            sync.Mutex
	engineStreams map[string]engineStream // by table, as they were read last
	changed       chan struct{}           // closed at the next change of an item; nil while nobody waits
}

// New keeps the tables of db in engine.
func New(db *store.Store, engine Engine) *Tables {
	return &Tables{db: db, engine: engine, http: &http.Client{Transport: &http.Transport{IdleConnTimeout: idleLimit}}, now: time.Now, engineStreams: map[string]engineStream{}}
}

// Types are the resource types of DynamoDB.
func (t *Tables) Types() []provider.Kind { return []provider.Kind{t.Resources()} }

// Resources are the resource types of this package.
func (t *Tables) Resources() *provider.Resource[Table, Outputs] {
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
