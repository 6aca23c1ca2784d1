// Calls each service that functions can call, with clients as most people make
// them, and prints one JSON line for each. RESOURCES names what there is.
import dns from 'node:dns'
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi'
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SFNClient, StartSyncExecutionCommand } from '@aws-sdk/client-sfn'
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

// A host that is not an address of this machine is looked up first.
const lookedUp = []
const lookup = dns.lookup
dns.lookup = (host, ...rest) => {
  if (host !== '127.0.0.1') lookedUp.push(host)
  return lookup(host, ...rest)
}

const there = JSON.parse(process.env.RESOURCES)

// received waits for the next message of a queue.
async function received(queue) {
  const got = await new SQSClient().send(new ReceiveMessageCommand({ QueueUrl: queue, WaitTimeSeconds: 20 }))
  return got.Messages[0].Body
}

// Each is named as the end of its AWS_ENDPOINT_URL_ variable, in small letters.
const calls = {
  async dynamodb() {
    const client = new DynamoDBClient()
    await client.send(new PutItemCommand({ TableName: there.table, Item: { id: { S: 'a' }, text: { S: 'hello' } } }))
    const found = await client.send(new QueryCommand({ TableName: there.table, KeyConditionExpression: 'id = :id', ExpressionAttributeValues: { ':id': { S: 'a' } } }))
    return found.Items[0].text.S
  },
  async dynamodbstreams() {
    const client = new DynamoDBStreamsClient()
    const stream = await client.send(new DescribeStreamCommand({ StreamArn: there.stream }))
    const shard = stream.StreamDescription.Shards[0].ShardId
    const at = await client.send(new GetShardIteratorCommand({ StreamArn: there.stream, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' }))
    const read = await client.send(new GetRecordsCommand({ ShardIterator: at.ShardIterator }))
    return read.Records === undefined ? 'no list' : 'a list'
  },
  async eventbridge() {
    const entry = { Source: 'shop', DetailType: 'order', Detail: JSON.stringify({ text: 'hello' }) }
    const put = await new EventBridgeClient().send(new PutEventsCommand({ Entries: [entry] }))
    if (put.FailedEntryCount !== 0) throw new Error(JSON.stringify(put.Entries))
    return JSON.parse(await received(there.events)).detail.text
  },
  async lambda() {
    const ran = await new LambdaClient().send(new InvokeCommand({ FunctionName: there.function, Payload: JSON.stringify({ do: 'raw', text: '"hello"' }) }))
    return JSON.parse(ran.Payload.transformToString())
  },
  async s3() {
    const client = new S3Client()
    await client.send(new PutObjectCommand({ Bucket: there.bucket, Key: 'a b/k', Body: 'hello' }))
    const read = await client.send(new GetObjectCommand({ Bucket: there.bucket, Key: 'a b/k' }))
    return await read.Body.transformToString()
  },
  async presigned() {
    const client = new S3Client()
    const put = await fetch(await getSignedUrl(client, new PutObjectCommand({ Bucket: there.bucket, Key: 'p' })), { method: 'PUT', body: 'by URL' })
    if (!put.ok) throw new Error(await put.text())
    const got = await fetch(await getSignedUrl(client, new GetObjectCommand({ Bucket: there.bucket, Key: 'p' })))
    return await got.text()
  },
  async secretsmanager() {
    const client = new SecretsManagerClient()
    await client.send(new PutSecretValueCommand({ SecretId: there.secret, SecretString: 'hello' }))
    return (await client.send(new GetSecretValueCommand({ SecretId: there.secret }))).SecretString
  },
  async sns() {
    await new SNSClient().send(new PublishCommand({ TopicArn: there.topic, Message: 'hello' }))
    return await received(there.messages)
  },
  async sqs() {
    await new SQSClient().send(new SendMessageCommand({ QueueUrl: there.queue, MessageBody: 'hello' }))
    return await received(there.queue)
  },
  async ssm() {
    return (await new SSMClient().send(new GetParameterCommand({ Name: there.parameter }))).Parameter.Value
  },
  async sts() {
    return (await new STSClient().send(new GetCallerIdentityCommand({}))).Arn
  },
  async connections() {
    await new ApiGatewayManagementApiClient({ endpoint: there.connections }).send(new PostToConnectionCommand({ ConnectionId: 'AAAAAAAAAAAAAAA=', Data: 'x' }))
  },
  async kinesis() {
    await new KinesisClient().send(new ListStreamsCommand({}))
  },
  async cloudwatch() {
    await new CloudWatchClient().send(new PutMetricDataCommand({ Namespace: 'n', MetricData: [{ MetricName: 'm', Value: 1 }] }))
  },
  async stepfunctions() {
    // The SDK does not read AWS_DISABLE_HOST_PREFIX_INJECTION.
    await new SFNClient({ disableHostPrefix: true }).send(new StartSyncExecutionCommand({ stateMachineArn: 'arn:aws:states:eu-west-1:1:express:s:x' }))
  },
}
for (const [service, call] of Object.entries(calls)) {
  let result
  try {
    result = { service, value: (await call()) ?? '' }
  } catch (e) {
    result = { service, error: `${e.name}: ${e.message}` }
  }
  console.log(JSON.stringify(result))
}
console.log(JSON.stringify({ service: 'looked up', value: lookedUp.join(' ') }))
