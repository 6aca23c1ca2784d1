// Command relay is the function of the same name.
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"skiff/lambdas/function"
)

func main() { function.Start(open) }

// open returns what Lambda calls: it publishes the order that the rule names.
func open(e function.Environment) (any, error) {
	c, err := e.Config("SNS")
	if err != nil {
		return nil, err
	}
	client := sns.NewFromConfig(c)
	return func(ctx context.Context, order struct{ Topic, ID string }) error {
		_, err := client.Publish(ctx, &sns.PublishInput{TopicArn: &order.Topic, Message: aws.String("published " + order.ID)})
		return err
	}, nil
}
