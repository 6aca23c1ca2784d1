"""Calls each service that functions can call, with clients as most people make
them, and prints one JSON line for each. RESOURCES names what there is."""

import json
import os
import socket
import urllib.request

import boto3

# A host that is not an address of this machine is looked up first.
looked_up = []
lookup = socket.getaddrinfo


def look_up(host, *rest, **options):
    if host != "127.0.0.1":
        looked_up.append(host)
    return lookup(host, *rest, **options)


socket.getaddrinfo = look_up
there = json.loads(os.environ["RESOURCES"])


def received(queue):
    """Waits for the next message of a queue."""
    return boto3.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]["Body"]


# Each is named as the end of its AWS_ENDPOINT_URL_ variable, in small letters.
def dynamodb():
    table = boto3.resource("dynamodb").Table(there["table"])
    table.put_item(Item={"id": "b", "text": "hello"})
    return table.query(KeyConditionExpression=boto3.dynamodb.conditions.Key("id").eq("b"))["Items"][0]["text"]


def dynamodbstreams():
    client = boto3.client("dynamodbstreams")
    shard = client.describe_stream(StreamArn=there["stream"])["StreamDescription"]["Shards"][0]["ShardId"]
    at = client.get_shard_iterator(StreamArn=there["stream"], ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return "a list" if isinstance(client.get_records(ShardIterator=at["ShardIterator"])["Records"], list) else "no list"


def eventbridge():
    entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"text": "hello"})}
    put = boto3.client("events").put_events(Entries=[entry])
    if put["FailedEntryCount"]:
        raise RuntimeError(put["Entries"])
    return json.loads(received(there["events"]))["detail"]["text"]


def lambda_():
    ran = boto3.client("lambda").invoke(FunctionName=there["function"], Payload=json.dumps({"do": "raw", "text": '"hello"'}))
    return json.load(ran["Payload"])


def s3():
    client = boto3.client("s3")
    client.put_object(Bucket=there["bucket"], Key="a b/k", Body=b"hello")
    return client.get_object(Bucket=there["bucket"], Key="a b/k")["Body"].read().decode()


def presigned():
    client = boto3.client("s3", config=boto3.session.Config(signature_version="s3v4"))
    at = {"Bucket": there["bucket"], "Key": "p"}
    put = urllib.request.Request(client.generate_presigned_url("put_object", Params=at), data=b"by URL", method="PUT")
    put.add_header("Content-Type", "")
    urllib.request.urlopen(put).close()
    with urllib.request.urlopen(client.generate_presigned_url("get_object", Params=at)) as got:
        return got.read().decode()


def secretsmanager():
    client = boto3.client("secretsmanager")
    client.put_secret_value(SecretId=there["secret"], SecretString="hello")
    return client.get_secret_value(SecretId=there["secret"])["SecretString"]


def sns():
    boto3.client("sns").publish(TopicArn=there["topic"], Message="hello")
    return received(there["messages"])


def sqs():
    boto3.client("sqs").send_message(QueueUrl=there["queue"], MessageBody="hello")
    return received(there["queue"])


def ssm():
    return boto3.client("ssm").get_parameter(Name=there["parameter"])["Parameter"]["Value"]


def sts():
    return boto3.client("sts").get_caller_identity()["Arn"]


def connections():
    boto3.client("apigatewaymanagementapi", endpoint_url=there["connections"]).post_to_connection(ConnectionId="AAAAAAAAAAAAAAA=", Data=b"x")


def kinesis():
    boto3.client("kinesis").list_streams()


def cloudwatch():
    boto3.client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])


def ec2():
    boto3.client("ec2").describe_instances()


def ses():
    boto3.client("ses").list_identities()


def bedrock():
    boto3.client("bedrock-runtime").converse(modelId="m", messages=[{"role": "user", "content": [{"text": "hello"}]}])


def rekognition():
    boto3.client("rekognition").list_collections()


def cognito():
    boto3.client("cognito-idp").initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId="c", AuthParameters={})


def stepfunctions():
    boto3.client("stepfunctions").start_sync_execution(stateMachineArn="arn:aws:states:eu-west-1:1:express:s:x")


def route53():
    boto3.client("route53").list_hosted_zones()


for call in [dynamodb, dynamodbstreams, eventbridge, lambda_, s3, presigned, secretsmanager, sns, sqs, ssm, sts, connections,
             kinesis, cloudwatch, ec2, ses, bedrock, rekognition, cognito, stepfunctions, route53]:
    result = {"service": call.__name__.rstrip("_")}
    try:
        result["value"] = call() or ""
    except Exception as e:
        result["error"] = f"{type(e).__name__}: {e}"
    print(json.dumps(result), flush=True)
print(json.dumps({"service": "looked up", "value": " ".join(looked_up)}))
