"""curl, as net/API.md shows it, and wget."""
import gzip

from client import Client


def base(place):
    return ["curl", "-sS", "--cacert", place.authority, place.url, "-H", f"Authorization: Bearer {place.token}"]


def lines(place):
    return [*base(place), "--fail-with-body", "--data-binary", f"@{place.records}"]


def zipped(place):
    packed = place.folder / "records.ndjson.gz"
    packed.write_bytes(gzip.compress(place.records.read_bytes()))
    return [*base(place), "--fail-with-body", "-H", "Content-Encoding: gzip", "--data-binary", f"@{packed}"]


def chunked(place):
    return [*base(place), "--fail-with-body", "-T", place.records, "-X", "POST", "-H", "Transfer-Encoding: chunked"]


def waits_for_100(place):
    return [*base(place), "--fail-with-body", "-H", "Expect: 100-continue", "--expect100-timeout", "30", "--data-binary", f"@{place.records}"]


def basic(place):
    return ["curl", "-sS", "--cacert", place.authority, place.url, "--fail-with-body", "-u", f"any:{place.token}", "--data-binary", f"@{place.records}"]


def again(place):
    return [*base(place), "--fail", "--retry", "20", "--data-binary", f"@{place.records}"]


def silent(place):
    return [*base(place), "--data-binary", f"@{place.records}"]


def wget(place):
    return ["wget", "-nv", "-O", "-", f"--ca-certificate={place.authority}", f"--header=Authorization: Bearer {place.token}",
            f"--post-file={place.records}", place.url]


def wget_again(place):
    return [*wget(place), "--retry-on-http-error=503", "--waitretry=1", "--tries=20"]


def curl(name, command, **more):
    return Client(name=name, program="curl", version=("--version",), command=command, **{"way": "https", **more})


CLIENTS = [
    curl("curl, lines", lines),
    curl("curl, lines, HTTP", lines, way="http"),
    curl("curl, gzip", zipped),
    curl("curl, chunked", chunked),
    curl("curl, Expect: 100-continue", waits_for_100),
    curl("curl, Basic", basic),
    curl("curl --retry", again, again=True),
    curl("curl without --fail", silent, shows_401="exit 0", shows_503="exit 0", remark="Its exit code is 0 whatever the answer was"),
    Client("wget", "https", "wget", ("--version",), wget, shows_401="exit 6"),
    Client("wget --retry-on-http-error", "https", "wget", ("--version",), wget_again, shows_401="exit 6", shows_503="", again=True),
]
