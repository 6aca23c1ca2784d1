package apigateway

import (
	"context"
	"encoding/json"
	"regexp"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// DeploymentInputs holds the inputs of a deployment: the frozen routes that a
// stage without auto-deploy serves.
type DeploymentInputs struct {
	APIID       string            `json:"apiId" aws:"required,replace"`
	Description string            `json:"description,omitempty" aws:"idle"`
	Triggers    map[string]string `json:"triggers,omitempty" aws:"replace"`
}

// DeploymentOutputs holds the outputs that AWS adds to a deployment.
type DeploymentOutputs struct {
	AutoDeployed bool `json:"autoDeployed"`
}

// StageInputs holds the inputs of a stage.
type StageInputs struct {
	APIID                string            `json:"apiId" aws:"required,replace"`
	Name                 string            `json:"name,omitempty" aws:"replace"`
	AccessLogSettings    *AccessLogInputs  `json:"accessLogSettings,omitempty"`
	AutoDeploy           bool              `json:"autoDeploy,omitempty"`
	DefaultRouteSettings *RouteSettings    `json:"defaultRouteSettings,omitempty"`
	DeploymentID         string            `json:"deploymentId,omitempty"`
	Description          string            `json:"description,omitempty" aws:"idle"`
	RouteSettings        []RouteSetting    `json:"routeSettings,omitempty"`
	StageVariables       map[string]string `json:"stageVariables,omitempty"`
	Tags                 map[string]string `json:"tags,omitempty"`
}

// StageOutputs holds the outputs that AWS adds to a stage.
type StageOutputs struct {
	ARN          string `json:"arn"`
	AutoDeploy   bool   `json:"autoDeploy"`
	DeploymentID string `json:"deploymentId"`
	ExecutionARN string `json:"executionArn"`
	InvokeURL    string `json:"invokeUrl"`
}

func deployments(a *APIs) *provider.Resource[DeploymentInputs, DeploymentOutputs] {
	return &provider.Resource[DeploymentInputs, DeploymentOutputs]{
		Token:    DeploymentToken,
		Create:   a.deploy,
		Delete:   a.deleteDeployment,
		Actions:  deploymentActions,
		Describe: func(store.Record[DeploymentInputs]) DeploymentOutputs { return DeploymentOutputs{} },
	}
}

// deploy freezes the current routes of the API.
func (a *APIs) deploy(_ context.Context, _ provider.Call, r *store.Record[DeploymentInputs]) error {
	if _, err := a.api(r.Inputs.APIID); err != nil {
		return err
	}
	routes, err := a.routesOf(r.Inputs.APIID)
	if err != nil {
		return err
	}
	if len(routes) == 0 {
		return awserr.New("BadRequestException", "at least one route is required before deploying the API %s", r.Inputs.APIID)
	}
	data, err := json.Marshal(routes)
	if err != nil {
		return err
	}
	r.State["routes"] = string(data)
	return nil
}

func (a *APIs) deleteDeployment(_ context.Context, _ provider.Call, r store.Record[DeploymentInputs]) error {
	stages, err := store.List[StageInputs](a.db, StageToken)
	if err != nil {
		return err
	}
	for _, s := range stages {
		if s.Inputs.APIID == r.Inputs.APIID && s.Inputs.DeploymentID == r.ID {
			return awserr.New("BadRequestException", "the stage %s points to deployment %s and must be moved or deleted first", s.Inputs.Name, r.ID)
		}
	}
	return nil
}

func stages(a *APIs) *provider.Resource[StageInputs, StageOutputs] {
	return &provider.Resource[StageInputs, StageOutputs]{
		Token: StageToken, Named: "name", MaxName: 128,
		Check: func(in StageInputs) []provider.Problem { return checkStage(in, a.protocolOf(in.APIID)) },
		ID:    func(_ provider.Call, in StageInputs) string { return in.Name },
		Key:   stageKey,
		Create: func(_ context.Context, _ provider.Call, r *store.Record[StageInputs]) error {
			if err := a.checkReferences(r); err != nil {
				return err
			}
			return checkQuota(a, StageToken, "stages", maxStages, r, func(in StageInputs) string { return in.APIID })
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[StageInputs], r *store.Record[StageInputs]) error {
			return a.checkReferences(r)
		},
		Delete: func(_ context.Context, _ provider.Call, r store.Record[StageInputs]) error {
			return a.checkUnmapped("stage "+r.ID, func(m MappingInputs) bool { return m.APIID == r.Inputs.APIID && m.Stage == r.ID })
		},
		Actions:  stageActions,
		Describe: a.describeStage,
	}
}

func stageKey(id string, in StageInputs) string { return in.APIID + "/" + id }

var stageNameForm = regexp.MustCompile(`^(\$default|[a-zA-Z0-9_-]{1,128})$`)

func checkStage(in StageInputs, protocol string) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && !stageNameForm.MatchString(in.Name) {
		problems.Add("name", "%q must be $default or 1 to 128 letters, digits, - and _", in.Name)
	}
	if in.AutoDeploy && in.DeploymentID != "" {
		problems.Add("deploymentId", "cannot be combined with autoDeploy")
	}
	if protocol == protocolSocket && in.Name == httpapi.DefaultStage {
		problems.Add("name", "a WebSocket API has no $default stage")
	}
	if protocol == protocolSocket && in.AutoDeploy {
		problems.Add("autoDeploy", "is for HTTP APIs: a stage of a WebSocket API needs a deployment")
	}
	checkVariables(&problems, in.StageVariables)
	checkStageSettings(&problems, in, protocol)
	return problems
}

// checkReferences refuses a stage that refers to something missing.
func (a *APIs) checkReferences(r *store.Record[StageInputs]) error {
	if err := a.checkDeployment(r); err != nil {
		return err
	}
	if err := a.checkDestination(r); err != nil {
		return err
	}
	return a.checkSettingsOfRoutes(r)
}

func (a *APIs) checkDeployment(r *store.Record[StageInputs]) error {
	if _, err := a.api(r.Inputs.APIID); err != nil {
		return err
	}
	id := r.Inputs.DeploymentID
	if id == "" {
		return nil
	}
	d, err := store.Get[DeploymentInputs](a.db, DeploymentToken, id)
	if err != nil || d.Inputs.APIID != r.Inputs.APIID {
		return awserr.New("NotFoundException", "the API %s has no deployment %s", r.Inputs.APIID, id)
	}
	return nil
}

// describeStage returns the outputs of a stage. As on AWS, the invoke URL
// contains the stage's name, unless it is $default.
func (a *APIs) describeStage(r store.Record[StageInputs]) StageOutputs {
	api, err := a.api(r.Inputs.APIID)
	if err != nil {
		return StageOutputs{}
	}
	url := a.endpoint(api) + "/"
	if r.ID != httpapi.DefaultStage {
		url += r.ID
	}
	return StageOutputs{
		ARN:          arn.New("apigateway", r.Region, "", "/apis/"+api.ID+"/stages/"+r.ID),
		AutoDeploy:   r.Inputs.AutoDeploy,
		DeploymentID: r.Inputs.DeploymentID,
		ExecutionARN: executionARN(api) + "/" + r.ID,
		InvokeURL:    url,
	}
}

// Types returns the resource types of API Gateway.
func (a *APIs) Types() []provider.Kind {
	return []provider.Kind{apis(a), integrations(a), authorizers(a), routes(a), deployments(a), stages(a), domains(a), mappings(a)}
}

// resourceTypes returns the same resource types, each with its own Go type.
func resourceTypes(a *APIs) (
	*provider.Resource[APIInputs, APIOutputs],
	*provider.Resource[IntegrationInputs, IntegrationOutputs],
	*provider.Resource[AuthorizerInputs, AuthorizerOutputs],
	*provider.Resource[RouteInputs, RouteOutputs],
	*provider.Resource[DeploymentInputs, DeploymentOutputs],
	*provider.Resource[StageInputs, StageOutputs],
	*provider.Resource[DomainInputs, DomainOutputs],
	*provider.Resource[MappingInputs, struct{}],
) {
	return apis(a), integrations(a), authorizers(a), routes(a), deployments(a), stages(a), domains(a), mappings(a)
}
