"""Nchan: the nginx module in C, from Debian's packages, unpacked below the cache and not installed into the system.

Of the system it takes one empty folder, SPOOL.
"""

from __future__ import annotations

import getpass
import grp
import os
from pathlib import Path

from bench.peers.peer import PUBLISH_PATH, STREAM_PATH, Peer, Unavailable, call

PACKAGES = ("nginx", "nginx-common", "libnginx-mod-nchan")
# Compiled into the module, which says "duplicate" to its own setting for it and does not start without the folder.
SPOOL = Path("/var/lib/nginx/body")

# One worker, as the others have one process. New streams begin with the next event and not with those that are kept.
CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 65536;
pid {work}/pid;
error_log {work}/errors warn;
load_module {folder}/usr/lib/nginx/modules/ngx_nchan_module.so;
events {{ worker_connections 32768; }}
http {{
  access_log off;
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  nchan_shared_memory_size 256M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = {stream} {{ nchan_subscriber eventsource; nchan_channel_id all;
                          nchan_subscriber_first_message newest; nchan_eventsource_ping_interval 30; }}
    location = {publish} {{ nchan_publisher; nchan_channel_id all; }}
  }}
}}
"""


class Nchan(Peer):
    """Of the version that Debian has here."""

    name = "nchan"
    edition = "debian"

    def install(self, folder: Path) -> str:
        """Download the packages and unpack them: it needs no right to install."""
        call(["apt-get", "download", "-qq", *PACKAGES], folder)
        for package in sorted(folder.glob("*.deb")):
            call(["dpkg-deb", "--extract", package.name, "."], folder)
        (module,) = folder.glob("libnginx-mod-nchan*.deb")
        version = call(["dpkg-deb", "--field", module.name, "Version"], folder)
        return version.strip().rpartition(":")[2].partition("+")[0]

    def command(self, folder: Path, work: Path, port: int) -> list[str]:
        """nginx with a configuration of its own. Raises Unavailable where SPOOL is missing and may not be made."""
        try:
            SPOOL.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{SPOOL} can't be made: {error.strerror}") from error
        path = work / "nginx.conf"
        # As root its worker would be somebody else, who may not look into the folder.
        user = f"user {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name};" if os.getuid() == 0 else ""
        path.write_text(
            CONFIGURATION.format(
                user=user, work=work, folder=folder, port=port, stream=STREAM_PATH, publish=PUBLISH_PATH
            )
        )
        return [str(folder / "usr/sbin/nginx"), "-p", str(work), "-e", str(work / "errors"), "-c", str(path)]
