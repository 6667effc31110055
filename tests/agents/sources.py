"""The places in which a client finds its credentials. Each lays what it needs into an empty home folder and says which variables point there."""
import hashlib
import json
import os

from endpoint import KEY, LATER, ROLE, SECRET, TOKEN

KEYS = f"aws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"


def write(home, name, text):
    path = os.path.join(home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def environment(home, url):
    return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}


def shared_file(home, url):
    write(home, ".aws/credentials", f"[default]\n{KEYS}aws_session_token = {TOKEN}\n")
    return {}


def profile(home, url):
    write(home, ".aws/credentials", f"[other]\n{KEYS}aws_session_token = {TOKEN}\n")
    return {"AWS_PROFILE": "other"}


def config_file(home, url):
    write(home, ".aws/config", f"[default]\n{KEYS}aws_session_token = {TOKEN}\n")
    return {}


def process(home, url):
    answer = json.dumps({"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET, "SessionToken": TOKEN, "Expiration": LATER})
    script = write(home, "give", f"#!/bin/sh\necho '{answer}'\n")
    os.chmod(script, 0o755)
    write(home, ".aws/config", f"[default]\nregion = us-east-1\ncredential_process = {script}\n")
    return {}


def container(home, url):
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/container-credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "example"}


def web_identity(home, url):
    token = write(home, "token", "example.example.example")
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": ROLE, "AWS_ROLE_SESSION_NAME": "one", "AWS_ENDPOINT_URL_STS": url}


def metadata(home, url):
    return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{url}/", "AWS_EC2_METADATA_DISABLED": "false"}


def assumed_role(home, url):
    write(home, ".aws/credentials", f"[base]\n{KEYS}")
    write(home, ".aws/config", f"[default]\nregion = us-east-1\nrole_arn = {ROLE}\nsource_profile = base\nrole_session_name = one\n")
    return {"AWS_ENDPOINT_URL_STS": url}


def sso(home, url):
    start = "https://example.awsapps.com/start"
    write(home, ".aws/config", f"[default]\nregion = us-east-1\nsso_start_url = {start}\nsso_region = us-east-1\nsso_account_id = 111122223333\n"
                               "sso_role_name = example\n")
    name = hashlib.sha1(start.encode()).hexdigest()
    write(home, f".aws/sso/cache/{name}.json",
          json.dumps({"startUrl": start, "region": "us-east-1", "accessToken": "example", "expiresAt": LATER}))
    return {"AWS_ENDPOINT_URL_SSO": url}


def sso_session(home, url):
    write(home, ".aws/config", "[default]\nregion = us-east-1\nsso_session = work\nsso_account_id = 111122223333\nsso_role_name = example\n"
                               "[sso-session work]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n")
    name = hashlib.sha1(b"work").hexdigest()
    write(home, f".aws/sso/cache/{name}.json",
          json.dumps({"startUrl": "https://example.awsapps.com/start", "region": "us-east-1", "accessToken": "example", "expiresAt": LATER}))
    return {"AWS_ENDPOINT_URL_SSO": url}


def boto2_file(home, url):
    return {"BOTO_CONFIG": write(home, ".boto", f"[Credentials]\n{KEYS}")}


SOURCES = {"environment": environment, "shared file": shared_file, "profile": profile, "config file": config_file, "process": process,
           "container": container, "web identity": web_identity, "metadata": metadata, "assumed role": assumed_role, "SSO": sso,
           "SSO session": sso_session, "boto2 file": boto2_file}
