"""Perl and Ruby, as Debian has them; Go and Rust, which --install compiles."""
from client import DATAGRAM, PROGRAMS, Client, pinned


def perl(name, library):
    def command(place):
        return ["/usr/bin/perl", PROGRAMS / "perl/post.pl", library, place.url, place.token, place.authority, place.records]
    return Client(name, "https", "/usr/bin/perl", ("-e", f"require {library}; print ${library}::VERSION"), command)


def ruby(place):
    return ["/usr/bin/ruby", PROGRAMS / "ruby/post.rb", place.url, place.token, place.authority, place.records]


def go(name, library, version=("version",), **more):
    def command(place):
        return [place.kit / "go/bin/post", library, place.url, place.token, place.authority, place.records]
    return Client(name, "https", "go", version, command, needs=("go/bin/post",), **more)


def go_log(name, way, library, network, version=("version",), **more):
    def command(place):
        return [place.kit / "go/bin/log", library, network, f"{place.host}:{place.port}", place.authority]
    return Client(name, way, "go", version, command, feed="stdin", needs=("go/bin/log",), **more)


def rust(name, library):
    def command(place):
        return [place.kit / "rust/target/debug/straykey-clients", "post", library, place.url, place.token, place.authority, place.records]
    return Client(name, "https", "cargo", crate(library), command, needs=("rust/target/debug/straykey-clients",))


def rust_log(name, way, library, **more):
    def command(place):
        return [place.kit / "rust/target/debug/straykey-clients", "log", library, f"{place.host}:{place.port}"]
    return Client(name, way, "cargo", crate("syslog"), command, feed="stdin", needs=("rust/target/debug/straykey-clients",), **more)


def crate(name):
    return pinned("rust/Cargo.toml", rf'(?m)^{name} = .*?"=([\d.]+)"')


def module(path):
    return pinned("go/go.mod", rf"{path} v(\S+)")


CLIENTS = [
    perl("Perl LWP::UserAgent", "LWP::UserAgent"),
    perl("Perl HTTP::Tiny", "HTTP::Tiny"),
    Client("Ruby Net::HTTP", "https", "/usr/bin/ruby", ("--version",), ruby),
    go("Go net/http", "net/http"),
    go("Go net/http, chunked", "chunked"),
    go("Go go-retryablehttp", "retryable", module("go-retryablehttp"), again=True, shows_503="retrying"),
    go_log("Go log/syslog, TCP", "syslog_tcp", "log/syslog", "tcp"),
    go_log("Go log/syslog, UDP", "syslog_udp", "log/syslog", "udp", **DATAGRAM),
    go_log("Go srslog, TCP, octet-counted", "syslog_tcp", "srslog", "tcp", module("srslog")),
    go_log("Go srslog, TLS", "syslog_tls", "srslog", "tcp+tls", module("srslog")),
    rust("Rust reqwest", "reqwest"),
    rust("Rust ureq", "ureq"),
    rust_log("Rust syslog, TCP", "syslog_tcp", "tcp"),
    rust_log("Rust syslog, UDP", "syslog_udp", "udp", **DATAGRAM),
]
