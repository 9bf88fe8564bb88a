"""A gateway from the shipped configuration in front of a stub that stands for all three services."""

import os
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.local import gateway
from deploy.local.ports import free_ports
from deploy.local.processes import end, spawn
from tests.deploy.front import ISSUER, Front, Stub, handler, number_text


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    made = Stub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def front(stub: Stub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("gateway")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = key.public_key().public_numbers()
    stub.jwks = {
        "keys": [
            {
                "kty": "RSA",
                "alg": "RS256",
                "use": "sig",
                "kid": "one",
                "n": number_text(numbers.n),
                "e": number_text(numbers.e),
            }
        ]
    }
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    port, admin_port = free_ports(2)
    config = folder / "envoy.yaml"
    ports = dict.fromkeys(("registry", "planning", "monitoring"), stub.port)
    config.write_text(
        gateway.render(gateway.values(ports, host="127.0.0.1", port=port, admin_port=admin_port, issuer=ISSUER))
    )
    log = folder / "gateway.log"
    process = spawn(gateway.command(config), log=log, environment=os.environ)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        made = Front(client=client, stub=stub, key=pem, log=log)
        until = time.monotonic() + 15
        while time.monotonic() < until:
            try:
                if made.get("/registry/v1/boards", token=made.token()).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        else:
            pytest.fail(f"The gateway did not start: {log.read_text()[-2000:]}")
        yield made
    end(process, signals=(), patience=5)
