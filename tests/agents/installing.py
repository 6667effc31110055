"""How a program of each registry comes into a folder of its own. Each function answers a step that installs into a folder; it raises if it cannot."""
import glob
import os
import re
import shutil
import subprocess
import tarfile
import zipfile

SECONDS_MAX = 900


def call(arguments, folder, **variables):
    done = subprocess.run(arguments, cwd=folder, env={**os.environ, **variables}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=SECONDS_MAX)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise RuntimeError(f"{os.path.basename(arguments[0])} {arguments[1]}: {last[:160]}")
    return done.stdout


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def pip(*requirements):
    def install(folder):
        call(["python3", "-m", "venv", "venv"], folder)
        call(["venv/bin/pip", "-q", "install", "--disable-pip-version-check", *requirements], folder)
    return install


def aws_cli_v2(wheel):
    """The whole AWS CLI v2 of AWS, which a wheel for CDK carries as the layer of a function."""
    def install(folder):
        call(["python3", "-m", "pip", "-q", "download", "--no-deps", "--disable-pip-version-check", wheel], folder)
        zipfile.ZipFile(glob.glob(f"{folder}/*.whl")[0]).extractall(folder)
        with tarfile.open(glob.glob(f"{folder}/aws_cdk/asset_awscli_v2/_jsii/*.tgz")[0]) as package:
            package.extract("package/lib/layer.zip", folder)
        zipfile.ZipFile(f"{folder}/package/lib/layer.zip").extractall(folder)
        os.symlink(glob.glob(f"{folder}/awscli/v2/*/dist")[0], f"{folder}/dist")
        os.chmod(f"{folder}/dist/aws", 0o755)
        shutil.rmtree(f"{folder}/package")
    return install


def debian(*packages):
    """Those packages and what they need that this machine has not, unpacked beside the system."""
    def install(folder):
        plan = call(["apt-get", "-s", "install", "--no-install-recommends", *packages], folder)
        wanted = [f"{name}={version}" for name, version in re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+)", plan, re.M)]
        if wanted:
            call(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *wanted], folder)
        for package in glob.glob(f"{folder}/*.deb"):
            call(["dpkg", "-x", package, "root"], folder)
    return install


def npm(*packages):
    def install(folder):
        write(folder, "package.json", '{"private": true}')
        call(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", *packages], folder)
    return install


def node_program(source, *packages):
    def install(folder):
        npm(*packages)(folder)
        write(folder, "call.mjs", source)
    return install


def go_module(module):
    def install(folder):
        call(["go", "install", module], folder, GOBIN=folder, GOFLAGS="-modcacherw")
    return install


def go_program(source, *modules):
    def install(folder):
        write(folder, "main.go", source)
        call(["go", "mod", "init", "example.com/call"], folder)
        call(["go", "get", *modules], folder, GOFLAGS="-modcacherw")
        call(["go", "build", "-o", "call", "."], folder, GOFLAGS="-modcacherw")
    return install


def java_program(source, *artifacts):
    def install(folder):
        dependencies = "".join("<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(*a.split(":"))
                               for a in artifacts)
        write(folder, "pom.xml", '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>example</groupId>'
                                 f"<artifactId>call</artifactId><version>1</version><dependencies>{dependencies}</dependencies></project>")
        write(folder, "Call.java", source)
        call(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"], folder)
        call(["javac", "-cp", "jars/*", "Call.java"], folder)
    return install


def on_machine(program):
    """Nothing is installed: the machine's own program is taken."""
    def install(folder):
        if shutil.which(program) is None:
            raise RuntimeError(f"{program} is not on this machine")
    return install
