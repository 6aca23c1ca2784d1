package gitlab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// IDTokens returns the audiences of the ID tokens of all jobs of the project in
// dir, by variable name. All jobs must use one audience for a name here; GitLab
// lets each job choose. https://docs.gitlab.com/ci/yaml/#id_tokens
func IDTokens(dir string) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(dir, ".gitlab-ci.yml"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no .gitlab-ci.yml in %s", dir)
	}
	if err != nil {
		return nil, err
	}
	var entries map[string]yaml.Node
	if err := yaml.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf(".gitlab-ci.yml: %w", err)
	}
	audiences := map[string]string{}
	for entry, node := range entries {
		var job struct {
			Tokens map[string]struct {
				Audience yaml.Node `yaml:"aud"`
			} `yaml:"id_tokens"`
		}
		if node.Decode(&job) != nil {
			continue // stages, which is a list
		}
		for name, token := range job.Tokens {
			audience := token.Audience.Value
			if token.Audience.Kind == yaml.SequenceNode && len(token.Audience.Content) > 0 {
				audience = token.Audience.Content[0].Value
			}
			if other, ok := audiences[name]; ok && other != audience {
				return nil, fmt.Errorf(".gitlab-ci.yml: the token %s has the audience %q in %s and %q in another job: give it another name", name, audience, entry, other)
			}
			audiences[name] = audience
		}
	}
	return audiences, nil
}
