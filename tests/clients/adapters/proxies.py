"""Proxies that end TLS in front of straykey's plain listener: what curl hears through them. Their own connection is HTTP."""
from client import PROGRAMS, Client
from receiver import free_port

NGINX = """daemon off;
user root;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; {more} location / {{ proxy_pass http://127.0.0.1:{upstream}; }} }}
}}
"""
APACHE = """ServerName localhost
Listen 127.0.0.1:{port}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
ProxyPass / http://127.0.0.1:{upstream}/
"""
HAPROXY = """defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:{port}
  default_backend straykey
backend straykey
  option httpchk
  server straykey 127.0.0.1:{upstream} check
"""
VARNISH = """vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{upstream}"; }}
sub vcl_recv {{ return (pass); }}
"""
LIGHTTPD = """server.modules = ("mod_proxy")
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{folder}"
server.upload-dirs = ("{folder}")
proxy.server = ("" => (("host" => "127.0.0.1", "port" => {upstream})))
"""
CADDY = """{{
  admin off
  storage file_system {folder}
}}
http://127.0.0.1:{port} {{
  reverse_proxy 127.0.0.1:{upstream}
}}
"""


def behind(name, program, version, configuration, words, more="", **stated):
    def command(place):
        port = free_port()
        path = place.write("proxy.conf", configuration.format(folder=place.folder, port=port, upstream=place.port, more=more))
        started = [word.format(path=path, folder=place.folder, port=port) for word in words]
        return [PROGRAMS / "proxies/behind.sh", port, f"http://127.0.0.1:{port}/v1/events", place.token, place.records,
                f"/usr/sbin/{program}" if program != "caddy" else "/usr/bin/caddy", *started]
    return Client(name=name, way="http", program=program, version=version, command=command, **stated)


NGINX_WORDS = ["-c", "{path}", "-p", "{folder}", "-e", "stderr"]

CLIENTS = [
    behind("nginx as it is, curl", "nginx", ("-v",), NGINX, NGINX_WORDS, takes=0, because="nginx refuses bodies over 1 MB with a 413 of its own"),
    behind("nginx with client_max_body_size, curl", "nginx", ("-v",), NGINX, NGINX_WORDS, "client_max_body_size 32m;"),
    behind("nginx unbuffered, curl", "nginx", ("-v",), NGINX, NGINX_WORDS,
           "client_max_body_size 32m; proxy_request_buffering off; proxy_http_version 1.1;"),
    behind("Apache, curl", "apache2", ("-v",), APACHE, ["-d", "{folder}", "-f", "{path}", "-DFOREGROUND"]),
    behind("haproxy, curl", "haproxy", ("-v",), HAPROXY, ["-f", "{path}"]),
    behind("Varnish, curl", "varnishd", ("-V",), VARNISH, ["-F", "-j", "none", "-f", "{path}", "-a", "127.0.0.1:{port}", "-n", "{folder}/work",
                                                          "-s", "malloc,16m"]),
    behind("lighttpd, curl", "lighttpd", ("-v",), LIGHTTPD, ["-D", "-f", "{path}"]),
    behind("Caddy, curl", "caddy", ("version",), CADDY, ["run", "--config", "{path}", "--adapter", "caddyfile"]),
]
