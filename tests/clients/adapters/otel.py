"""The OpenTelemetry Collector: lines of a file as OTLP in JSON, which /v1/events takes (its exporter's own path is /v1/logs)."""
from client import Client, pinned

COLLECTOR = "otel/dist/collector"
CONFIGURATION = """receivers:
  filelog:
    include: ["{place.records}"]
    start_at: beginning
    poll_interval: 500ms
    max_log_size: 2MiB
exporters:
  otlphttp:
    logs_endpoint: "{place.url}"
    encoding: json
    headers: {{Authorization: "Bearer {place.token}"}}
    tls: {{ca_file: "{place.authority}"}}
    retry_on_failure: {{initial_interval: 1s}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    logs: {{receivers: [filelog], exporters: [otlphttp]}}
"""


def command(place):
    return [place.kit / COLLECTOR, "--config", place.write("collector.yaml", CONFIGURATION.format(place=place))]


CLIENTS = [
    Client("OpenTelemetry Collector otlphttp, JSON", "https", "go", pinned("otel/builder.yaml", r"version: (\S+)"), command, feed="tail",
           again=True, needs=(COLLECTOR,)),
]
