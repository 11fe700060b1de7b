"""The page on proxies: a login through the real nginx, with the page's own configuration, in each framework."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.how_to.conftest import HOW_TO, Place, commands, free_port, log_in, wait_for

PAGE = "behind-a-proxy"
NGINX = shutil.which("nginx") or next((path for path in ("/usr/sbin/nginx",) if Path(path).is_file()), None)
SERVERS = {
    "flask": "flask --app flask_shop run --port {port}",
    "django": "DJANGO_SETTINGS_MODULE=django_shop python -m django runserver --noreload {port}",
    "fastapi": "",  # the page's own
}
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


@contextlib.contextmanager
def nginx(folder: Path, port: int, upstream: int) -> Iterator[None]:
    """nginx with TLS for ``localhost``, and the page's ``location``."""
    if NGINX is None:
        pytest.skip("nginx is not installed (Debian: apt-get install nginx)")
    (location,) = re.findall(r"```nginx\n(.*?)```", (HOW_TO / f"{PAGE}.md").read_text(encoding="utf-8"), re.DOTALL)
    folder.mkdir()
    trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "tls.pem")
    assert "127.0.0.1:8000" in location
    # nginx knows that port as the browser's; in the page both are the usual ones.
    location = location.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}").replace("$host;", "$http_host;")
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/error.log; daemon off; master_process off; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};"
        f" uwsgi_temp_path {folder}; scgi_temp_path {folder};\nserver {{ listen 127.0.0.1:{port} ssl;\n"
        f"ssl_certificate {folder}/tls.pem; ssl_certificate_key {folder}/tls.pem;\n{location}}} }}",
        encoding="utf-8",
    )
    with subprocess.Popen([NGINX, "-c", folder / "nginx.conf", "-e", folder / "start.log"]) as process:
        try:
            wait_for(process, port, folder / "start.log")
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.mark.parametrize("framework", SERVERS)
def test_a_login_below_a_path(framework: str, place: Place, tmp_path: Path) -> None:
    upstream, public = free_port(), free_port()
    origin = f"https://localhost:{public}"
    place.write(PAGE, {"https://example.com": origin, '"example.com"': '"localhost"'})
    export, uvicorn = commands(PAGE)
    command = SERVERS[framework].format(port=upstream)
    if not command:
        command = f"{uvicorn} --port {upstream}"
        place.variables |= dict([export.removeprefix("export ").replace("https://example.com", origin).split("=")])
    with place.serving(f"env {command}", upstream), nginx(tmp_path / "nginx", public, upstream):
        ended = log_in(f"{origin}/shop/login")
    assert ended.url.startswith(f"{origin}/shop/authorize?"), ended.url
    assert ended.status_code == 200, (place.folder / "server.log").read_text()
    assert ended.json()["preferred_username"] == "grace"
