"""Logs each line of standard input through a handler: log.py HANDLER HOST PORT CA [URL TOKEN]."""
import logging
import logging.handlers
import socket
import ssl
import sys


def sys_log_udp(host, port, _):
    return logging.handlers.SysLogHandler((host, port))


def sys_log_tcp(host, port, _):
    return logging.handlers.SysLogHandler((host, port), socktype=socket.SOCK_STREAM)


def rfc5424_tcp(host, port, _):
    from rfc5424logging import Rfc5424SysLogHandler
    return Rfc5424SysLogHandler(address=(host, port), socktype=socket.SOCK_STREAM)


def rfc5424_udp(host, port, _):
    from rfc5424logging import Rfc5424SysLogHandler
    return Rfc5424SysLogHandler(address=(host, port), socktype=socket.SOCK_DGRAM)


def rfc5424_tls(host, port, authority):
    from rfc5424logging import Rfc5424SysLogHandler
    return Rfc5424SysLogHandler(address=(host, port), socktype=socket.SOCK_STREAM, tls_enable=True, tls_ca_bundle=authority)


def http_form(host, port, authority, token):
    return logging.handlers.HTTPHandler(f"{host}:{port}", "/v1/events", method="POST", secure=True, credentials=("any", token),
                                        context=ssl.create_default_context(cafile=authority))


def main():
    name, host, port, authority, *token = sys.argv[1:]
    logger = logging.getLogger("cloudtrail")
    logger.setLevel(logging.INFO)
    if name == "loguru":
        from loguru import logger as loguru
        loguru.remove()
        loguru.add(sys_log_tcp(host, int(port), authority), format="{message}")
        write = loguru.info
    else:
        logger.addHandler(globals()[name](host, int(port), authority, *token))
        write = lambda text: logger.info("%s", text)      # noqa: E731
    for line in sys.stdin:
        write(line.rstrip("\n"))
    logging.shutdown()


if __name__ == "__main__":
    main()
