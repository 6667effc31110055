"""Sends each line of a file by the protocol of another product: protocol.py LIBRARY HOST PORT TOKEN CA FILE. Exit code 1 if the
library says that something went wrong."""
import json
import logging
import sys


def logger_with(handler):
    logger = logging.getLogger("cloudtrail")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    return logger


def elasticsearch(site, token, authority, lines):
    from elasticsearch import Elasticsearch, helpers
    client = Elasticsearch(site, basic_auth=("any", token), ca_certs=authority, request_timeout=60)
    documents = ({"_op_type": "create", "_index": "trail", "_source": json.loads(line)} for line in lines)
    done, failed = helpers.bulk(client, documents, max_retries=20, initial_backoff=1, max_backoff=2, raise_on_error=False)
    print(f"done {done}, failed {len(failed)}: {failed[:1]}")
    return not failed


def splunk_handler(site, token, authority, lines):
    from splunk_handler import SplunkHandler
    host, port = site.removeprefix("https://").split(":")
    logger = logger_with(SplunkHandler(host=host, port=port, token=token, index="trail", verify=authority, flush_interval=1))
    for line in lines:
        logger.info("%s", line)
    logging.shutdown()


def splunk_hec_handler(site, token, authority, lines):
    from splunk_hec_handler import SplunkHecHandler
    host, port = site.removeprefix("https://").split(":")
    logger = logger_with(SplunkHecHandler(host, token, port=port, proto="https", ssl_verify=authority))
    for line in lines:
        logger.info(line)


def otlp(site, token, authority, lines):
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    logging.getLogger("opentelemetry").addHandler(logging.StreamHandler(sys.stdout))
    exporter = OTLPLogExporter(f"{site}/v1/logs", headers={"Authorization": f"Bearer {token}"}, certificate_file=authority)
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=4096))
    logger = logger_with(LoggingHandler(logger_provider=provider))
    for line in lines:
        logger.info("%s", line)
    provider.shutdown()


def main():
    library, host, port, token, authority, file = sys.argv[1:]
    with open(file, encoding="utf-8") as opened:
        lines = opened.read().splitlines()
    try:
        well = globals()[library](f"https://{host}:{port}", token, authority, lines)
    except Exception as error:      # what a program without a handler would print as its last line
        print(f"{type(error).__name__}: {error}")
        return 1
    return 1 if well is False else 0


if __name__ == "__main__":
    sys.exit(main())
