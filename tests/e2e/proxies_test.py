#!/usr/bin/env python3
"""Behind real load balancers, limits and networks count the client and not the load balancer. Those that this machine
lacks are named and skipped."""
import http.client
import random
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from installation import TOKEN, Installation
from straykey_process import BOUND_TO_PARENT

READY_S_MAX = 20
APACHE_MODULES = Path("/usr/lib/apache2/modules")
NGINX = """daemon off;
user root;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass http://127.0.0.1:{upstream}; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }} }}
}}
"""
APACHE = """ServerName localhost
Listen 127.0.0.1:{port}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
ProxyPass / http://127.0.0.1:{upstream}/
"""
HAPROXY = """defaults
  mode {mode}
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:{port}
  default_backend straykey
backend straykey
  {forward}
  server straykey 127.0.0.1:{upstream} {send}
"""
FORWARDERS = {
    "nginx": ("nginx", NGINX, {}, ["-c", "{path}", "-p", "{folder}", "-e", "stderr"]),
    "Apache": ("apache2", APACHE, {}, ["-d", "{folder}", "-f", "{path}", "-DFOREGROUND"]),
    "haproxy": ("haproxy", HAPROXY, {"mode": "http", "forward": "option forwardfor", "send": ""}, ["-f", "{path}"]),
}
SENDERS_OF_PROXY = {
    name: ("haproxy", HAPROXY, {"mode": "tcp", "forward": "", "send": name}, ["-f", "{path}"])
    for name in ("send-proxy", "send-proxy-v2")
}


def free_port():
    """Below those that the kernel gives to clients."""
    for _ in range(1000):
        port = random.randrange(20_000, 32_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            continue
    raise AssertionError("no port is free")


class Proxy:
    """One load balancer in front of a port of straykey's."""

    def __init__(self, folder, upstream, program, configuration, words, command):
        folder.mkdir()
        self.port = free_port()
        path = folder / "proxy.conf"
        path.write_text(configuration.format(folder=folder, port=self.port, upstream=upstream, modules=APACHE_MODULES, **words))
        started = [word.format(path=path, folder=folder) for word in command]
        self.output = (folder / "output").open("w")
        self.process = subprocess.Popen([*BOUND_TO_PARENT, f"/usr/sbin/{program}", *started],
                                        stdout=self.output, stderr=subprocess.STDOUT)
        self.wait_open()

    def wait_open(self):
        until = time.monotonic() + READY_S_MAX
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the proxy does not listen: " + Path(self.output.name).read_text())

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.output.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Behind(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-e2e.")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def serve(self, ingest, more=""):
        """A server that lets each address send one request, and believes 127.0.0.1. Clients are 127.0.0.5 and beyond."""
        installation = Installation(self.folder / "server", more=more)
        text = installation.configuration.read_text().replace("[ingest]\n", f"""[ingest]
http = "127.0.0.1:0"
trusted_proxies = ["127.0.0.1/32"]
address_requests_per_s = 0.001
rate_burst_s = 0.1
{ingest}
""")
        installation.configuration.write_text(text)
        installation.server.start()
        self.addCleanup(installation.server.stop_if_running)
        return installation

    def proxy(self, name, kind, upstream):
        program, configuration, words, command = kind
        if shutil.which(f"/usr/sbin/{program}") is None:
            self.skipTest(f"{program} is not installed")
        return Proxy(self.folder / name.replace(" ", "-"), upstream, program, configuration, words, command)

    def post(self, port, client, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(client, 0))
        connection.request("POST", "/v1/events", b"{}", {"Authorization": f"Bearer {TOKEN}", **(headers or {})})
        status = connection.getresponse().status
        connection.close()
        return status

    def check_clients(self, port):
        """The rate of one client is not that of another, and who a client says it is does not matter."""
        self.assertEqual(self.post(port, "127.0.0.5"), 200)
        self.assertEqual(self.post(port, "127.0.0.5"), 429)
        self.assertEqual(self.post(port, "127.0.0.5", {"X-Forwarded-For": "203.0.113.7"}), 429)
        self.assertEqual(self.post(port, "127.0.0.6"), 200)

    def behind_forwarder(self, name):
        port = self.serve("").server.port("ingest_http")
        with self.proxy(name, FORWARDERS[name], port) as proxy:
            self.check_clients(proxy.port)

    def test_nginx_forwards_for(self):
        self.behind_forwarder("nginx")

    def test_apache_forwards_for(self):
        self.behind_forwarder("Apache")

    def test_haproxy_forwards_for(self):
        self.behind_forwarder("haproxy")

    def test_proxy_protocol(self):
        for name, kind in SENDERS_OF_PROXY.items():
            with self.subTest(name):
                self.folder = self.folder / name
                self.folder.mkdir()
                port = self.serve('proxy_protocol = ["http"]').server.port("ingest_http")
                with self.proxy(name, kind, port) as proxy:
                    self.check_clients(proxy.port)

    def test_syslog_by_proxy_protocol(self):
        more = '[syslog]\ntcp = "127.0.0.1:0"\nallow_cidrs = ["127.0.0.5/32"]\nproxy_protocol = ["tcp"]\n'
        server = self.serve("", more).server
        with self.proxy("syslog", SENDERS_OF_PROXY["send-proxy-v2"], server.port("syslog_tcp")) as proxy:
            for client in ("127.0.0.6", "127.0.0.5"):
                with socket.create_connection(("127.0.0.1", proxy.port), source_address=(client, 0)) as sender:
                    sender.sendall(b"<13>Jan  1 00:00:00 host app: {}\n")
                    sender.shutdown(socket.SHUT_WR)
                    sender.settimeout(60)
                    self.read_to_end(sender)
        refused = server.wait_said("a syslog sender is in none of the networks")
        self.assertIn('sender="127.0.0.6"', refused)
        self.assertNotIn("127.0.0.5", server.log_text().split("in none of the networks")[1].split("\n")[0])
        server.wait_said("a record was rejected")     # that of 127.0.0.5

    def read_to_end(self, sender):
        try:
            while sender.recv(4096):
                pass
        except ConnectionResetError:
            pass


if __name__ == "__main__":
    unittest.main()
