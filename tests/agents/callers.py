"""Programs of our own, a few lines in each SDK, that ask who they are: what the SDK itself sends, and nothing else."""

BOTO3 = "import boto3; boto3.client('sts').get_caller_identity()"
BOTO3_IN_CODE = ("import boto3; from endpoint import KEY, SECRET; "
                 "boto3.client('sts', aws_access_key_id=KEY, aws_secret_access_key=SECRET).get_caller_identity()")
AIOBOTOCORE = """import asyncio
from aiobotocore.session import get_session
async def main():
    async with get_session().create_client("sts", region_name="us-east-1") as client:
        await client.get_caller_identity()
asyncio.run(main())
"""
BOTO2 = """import os, urllib.parse
import boto.s3.connection
port = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"]).port
boto.s3.connection.S3Connection(host="127.0.0.1", port=port, is_secure=False, anon=False,
    calling_format=boto.s3.connection.OrdinaryCallingFormat()).get_all_buckets()
"""
MINIO_PYTHON = """import os, urllib.parse
from minio import Minio
from minio.credentials import EnvAWSProvider
Minio(endpoint=urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc, credentials=EnvAWSProvider(), secure=False, region="us-east-1").list_buckets()
"""
FSSPEC = "import s3fs; s3fs.S3FileSystem(endpoint_url=__import__('os').environ['AWS_ENDPOINT_URL']).ls('')"

JS_V3 = "import {STSClient, GetCallerIdentityCommand} from '@aws-sdk/client-sts';\nawait new STSClient({}).send(new GetCallerIdentityCommand({}));\n"
JS_V2 = ("import AWS from 'aws-sdk';\n"
         "await new AWS.STS({endpoint: process.env.AWS_ENDPOINT_URL, region: 'us-east-1'}).getCallerIdentity().promise();\n")
JS_MINIO = """import * as minio from 'minio';
const url = new URL(process.env.AWS_ENDPOINT_URL);
await new minio.Client({endPoint: url.hostname, port: Number(url.port), useSSL: false, region: 'us-east-1',
  accessKey: process.env.AWS_ACCESS_KEY_ID, secretKey: process.env.AWS_SECRET_ACCESS_KEY}).listBuckets();
"""

GO_V2 = """package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	settings, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	if _, err := sts.NewFromConfig(settings).GetCallerIdentity(context.Background(), nil); err != nil {
		panic(err)
	}
}
"""
GO_V1 = """package main

import (
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/s3/s3manager"
	"strings"
)

func main() {
	at := session.Must(session.NewSession(&aws.Config{Endpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")), Region: aws.String("us-east-1"),
		S3ForcePathStyle: aws.Bool(true)}))
	_, err := s3manager.NewUploader(at).Upload(&s3manager.UploadInput{Bucket: aws.String("example"), Key: aws.String("key"),
		Body: strings.NewReader("text")})
	if err != nil {
		panic(err)
	}
}
"""

JAVA_V2 = """public class Call {
  public static void main(String[] arguments) {
    software.amazon.awssdk.services.sts.StsClient.builder()
        .httpClient(software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient.create()).build().getCallerIdentity();
  }
}
"""
JAVA_V1 = """import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
public class Call {
  public static void main(String[] arguments) {
    com.amazonaws.services.securitytoken.AWSSecurityTokenServiceClientBuilder.standard()
        .withEndpointConfiguration(new EndpointConfiguration(System.getenv("AWS_ENDPOINT_URL"), "us-east-1")).build()
        .getCallerIdentity(new com.amazonaws.services.securitytoken.model.GetCallerIdentityRequest());
  }
}
"""

RUBY = """require "aws-sdk-core"
Aws::STS::Client.new(endpoint: ENV["AWS_ENDPOINT_URL"]).get_caller_identity
"""
