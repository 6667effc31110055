#!/usr/bin/env bash
# The AWS CLI names the command that was typed in one of two ways, or not at all.
#
# Guess:  the user agent of `aws sts get-caller-identity` has "command/sts.get-caller-identity", as version 2 was seen to write it.
# Seen:   so writes Debian 12's 2.9.19. Version 2.38.5 writes "md/command#sts.get-caller-identity", with prompt likewise; version 1.46.2
#         writes no command.
# Why:    a rule that cuts the command out behind "command/" sees nothing of today's CLI and says nothing of it. A public rule does so:
#         Azure/Azure-Sentinel, Solutions/Amazon Web Services/Analytic Rules/SuspiciousAWSCLICommandExecution.yaml at commit 50daac2
#         takes what stands behind "off command/".
# Peers:  aws-cli 1.46.2 (PyPI), 2.9.19 (Debian 12), 2.38.5 (in the wheel aws-cdk-asset-awscli-v2 2.0.198, PyPI)
# Seen on: 2026-11-30
# Run:    findings/aws-cli-names-its-command.sh     (python3, apt-get of Debian 12, dpkg, tar, unzip of Python; about a minute)
set -euo pipefail

folder=$(mktemp -d)
server=
cleanup() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"; }
trap cleanup EXIT
cd "$folder"

python3 -m venv one
one/bin/pip -q install --disable-pip-version-check awscli==1.46.2

python3 -m pip -q download --no-deps --disable-pip-version-check aws-cdk-asset-awscli-v2==2.0.198
python3 -m zipfile -e ./*.whl wheel
tar xzf wheel/aws_cdk/asset_awscli_v2/_jsii/*.tgz package/lib/layer.zip
python3 -m zipfile -e package/lib/layer.zip layer
dist=$(echo "$folder"/layer/awscli/v2/*/dist)
chmod 755 "$dist/aws"

# Unpacked beside the system, with what this machine lacks.
apt-get -s install --no-install-recommends awscli=2.9.19-1 2>/dev/null | sed -nE 's/^Inst (\S+) (\[\S+\] )?\((\S+).*/\1=\3/p' >wanted
[ ! -s wanted ] || xargs apt-get -qq -o APT::Sandbox::User=root download <wanted
for package in ./*.deb; do dpkg -x "$package" debian; done

cat >server.py <<'PY'
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        words = [word for word in self.headers["User-Agent"].split(" ") if "command" in word or "prompt" in word]
        print(" ".join(words) or "no command", file=sys.stderr, flush=True)
        body = (b'<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult>'
                b'</GetCallerIdentityResponse>')
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 server.py >port 2>words &
server=$!
until [ -s port ]; do sleep 0.1; done

export AWS_DEFAULT_REGION=us-east-1 HOME=$folder AWS_EC2_METADATA_DISABLED=true
export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
call() {
    local name=$1
    shift
    "$@" --endpoint-url "http://127.0.0.1:$(cat port)" sts get-caller-identity >/dev/null
    printf '%s: %s\n' "$name" "$(tail -n 1 words)" | tee -a seen
}
call "aws-cli 1.46.2" one/bin/aws
call "aws-cli 2.9.19" env PYTHONPATH="$folder/debian/usr/lib/python3/dist-packages" /usr/bin/python3 debian/usr/bin/aws
call "aws-cli 2.38.5" "$dist/aws"

cat >stated <<'TEXT'
aws-cli 1.46.2: no command
aws-cli 2.9.19: prompt/off command/sts.get-caller-identity
aws-cli 2.38.5: md/prompt#off md/command#sts.get-caller-identity
TEXT
if ! diff stated seen; then
    echo "CHANGED: how the AWS CLI names its command is not what this finding states"
    exit 1
fi
echo "as stated: one command, named in two ways and not at all"
