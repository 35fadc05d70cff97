"""Asks nginx with and without TLS: `check_tls.py PLAIN_PORT TLS_PORT CERTIFICATE`."""

import http.client
import socket
import ssl
import sys
import time
import warnings

plain, tls = map(int, sys.argv[1:3])
with open(sys.argv[3]) as file:
    wanted = ssl.PEM_cert_to_DER_cert(file.read())
# The certificate of a test is signed by itself.
context = ssl._create_unverified_context()

# It was put there just now, and processes that have it take some moments to begin.
until = time.monotonic() + 10
while ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", tls))) != wanted:
    assert time.monotonic() < until, "nginx has not taken the new certificate up"
    time.sleep(0.2)

connection = http.client.HTTPConnection("127.0.0.1", plain, timeout=10)
connection.request("GET", "/campaigns?x=1", headers={"Host": "tally.example"})
answer = connection.getresponse()
assert answer.status == 308, answer.status
assert answer.headers["Location"] == "https://tally.example/campaigns?x=1", answer.headers["Location"]

for path in ("/", "/api/v1/restaurants"):
    connection = http.client.HTTPSConnection("127.0.0.1", tls, timeout=10, context=context)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200, (path, answer.status)
    assert "max-age=" in answer.headers["Strict-Transport-Security"], (path, answer.headers)

context.set_alpn_protocols(["h2", "http/1.1"])
with socket.create_connection(("127.0.0.1", tls), 10) as stream:
    with context.wrap_socket(stream, server_hostname="tally.example") as wrapped:
        assert wrapped.selected_alpn_protocol() == "h2", wrapped.selected_alpn_protocol()
        assert wrapped.version() == "TLSv1.3", wrapped.version()

warnings.simplefilter("ignore", DeprecationWarning)
context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
context.set_ciphers("ALL:@SECLEVEL=0")
try:
    with socket.create_connection(("127.0.0.1", tls), 10) as stream:
        context.wrap_socket(stream, server_hostname="tally.example")
    sys.exit("TLS 1.1 is taken")
except ssl.SSLError:
    pass
print("HTTP leads to HTTPS, which speaks HTTP/2 by TLS 1.3, and nothing older than TLS 1.2")
