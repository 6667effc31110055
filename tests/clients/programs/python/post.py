"""Posts a file with a library: post.py LIBRARY URL TOKEN CA FILE. Prints the status and the answer; exit code 1 unless 200."""
import asyncio
import ssl
import sys
import traceback


def with_http_client(url, headers, authority, body):
    import http.client
    from urllib.parse import urlsplit
    to = urlsplit(url)
    connection = http.client.HTTPSConnection(to.netloc, context=ssl.create_default_context(cafile=authority))
    connection.request("POST", to.path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def with_urllib(url, headers, authority, body):
    from urllib.request import Request, urlopen
    with urlopen(Request(url, body, headers), context=ssl.create_default_context(cafile=authority)) as answer:
        return answer.status, answer.read()


def with_requests(url, headers, authority, body):
    import requests
    answer = requests.post(url, data=body, headers=headers, verify=authority)
    return answer.status_code, answer.content


def with_requests_retry(url, headers, authority, body):
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry
    session = requests.Session()
    session.mount("https://", HTTPAdapter(max_retries=Retry(total=20, status_forcelist=[503], allowed_methods=["POST"])))
    answer = session.post(url, data=body, headers=headers, verify=authority)
    return answer.status_code, answer.content


def with_httpx(url, headers, authority, body):
    import httpx
    answer = httpx.post(url, content=body, headers=headers, verify=ssl.create_default_context(cafile=authority))
    return answer.status_code, answer.content


def with_aiohttp(url, headers, authority, body):
    import aiohttp

    async def post():
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=body, headers=headers, ssl=ssl.create_default_context(cafile=authority)) as answer:
                return answer.status, await answer.read()
    return asyncio.run(post())


def with_aiohttp_chunked(url, headers, authority, body):
    async def pieces():
        for at in range(0, len(body), 65_536):
            yield body[at:at + 65_536]

    import aiohttp

    async def post():
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=pieces(), headers=headers, ssl=ssl.create_default_context(cafile=authority)) as answer:
                return answer.status, await answer.read()
    return asyncio.run(post())


def main():
    library, url, token, authority, file = sys.argv[1:]
    with open(file, "rb") as opened:
        body = opened.read()
    try:
        status, answer = globals()[f"with_{library}"](url, {"Authorization": f"Bearer {token}"}, authority, body)
    except Exception as error:      # what a program without a handler would print as its last line
        print(traceback.format_exception_only(error)[-1].strip())
        return 1
    print(f"{status} {answer.decode(errors='replace').strip()}")
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
