"""Every client, in the order of the tables: those most used first."""
import importlib

ORDER = ("curl", "rsyslog", "syslog_ng", "shell", "python", "node", "java", "languages", "proxies", "pages")


def clients():
    found = [client for name in ORDER for client in importlib.import_module(f"adapters.{name}").CLIENTS]
    names = [client.name for client in found]
    assert len(set(names)) == len(names), "two clients have the same name"
    return found
