"""Acts of the blocks that handle errors: a refused token, a server that is not there, a drop."""

from __future__ import annotations

import json

from tests.guide.scene import SOURCE, Scene, must

BAD_TOKEN = "0" * 40
REFUSED = '{"error":"Unauthorized"}'


async def debug_steps(scene: Scene) -> None:
    """A good token: it opens. A bad one: it is closed by the server's 401, and never tried again."""
    await scene.run(keep="eventSource")
    await scene.saw("console.log", "Initial state:", 0)
    await scene.saw("console.log", "Opened! State:", 1)
    scene.never("console.error")

    bad_url = scene.stage.stream_url(BAD_TOKEN)
    # A stream that the browser does try again, to know when it would have tried the other one.
    control = """window.control = new EventSource(%s);
        control.onerror = () => record('control tried');
        window.url = %s;"""
    await scene.run(before=control % (json.dumps(scene.stage.refusing_url), json.dumps(bad_url)), keep="eventSource")
    await scene.saw("console.error", "Error! State:", 2)
    await scene.saw("console.log", "Connection was rejected by server (auth issue?)")
    await scene.saw("control tried", times=3)
    must(await scene.look("local.eventSource.readyState") == 2, "the refused stream is open again")
    tried = len(scene.seen("request", bad_url))
    must(tried == 1, f"the refused stream was tried {tried} times")
    await _body_of_401(scene, bad_url)


async def _body_of_401(scene: Scene, url: str) -> None:
    """Readable across origins, and as the guide shows it, for a bad token and for none."""
    for address in url, url.partition("?")[0]:
        answer = await scene.page.evaluate(
            """async url => {
                const answer = await fetch(url);
                return [answer.status, answer.headers.get('Content-Type'), await answer.text()];
            }""",
            address,
        )
        status, kind, body = answer
        must(status == 401, f"the status is {status}")
        must(kind.startswith("text/event-stream"), f"the type is {kind}")
        lines = body.splitlines()
        must("event: error" in lines and f"data: {REFUSED}" in lines, f"the body is {body!r}")


async def unauthorized(scene: Scene) -> None:
    """Refused and without a token in the storage, the page goes to the login."""
    await scene.look("localStorage.removeItem('authToken')")
    await scene.run(before=f"window.url = {json.dumps(scene.stage.stream_url(BAD_TOKEN))}; {SOURCE}")
    await scene.saw("console.error", "No auth token - redirecting to login")
    await scene.page.wait_for_url("**/login")


async def connection_failed(scene: Scene) -> None:
    """A server that is not there: it gives up after five more attempts and says so. A drop: it connects again."""
    refusing = json.dumps(scene.stage.refusing_url)
    await scene.run(before=f"window.eventSource = new EventSource({refusing});")
    await scene.saw("showErrorMessage", "Unable to connect to server", limit_s=90)
    must(len(scene.seen("console.error", "Connection error")) == 6, "it did not give up at the sixth error")
    must(await scene.look("eventSource.readyState") == 2, "the stream is not closed")

    await scene.run(before=SOURCE, keep="connectionAttempts")
    await scene.connected()
    await scene.drop()
    await scene.saw("console.error", "Connection error", times=7)
    await scene.connected(2)
    must(await scene.look("local.connectionAttempts") == 0, "the attempts were not counted anew")
    must(len(scene.seen("showErrorMessage")) == 1, "it gave up after a drop")


async def relay_lost(scene: Scene) -> None:
    """A drop is no such error and it says nothing. A server of one process has no relay, so the error itself is given
    to the page as the guide shows it."""
    await scene.run(before=SOURCE + "eventSource.addEventListener('error', () => record('error heard'));")
    await scene.connected()
    await scene.drop()
    await scene.saw("error heard")
    await scene.connected(2)
    scene.never("showErrorMessage")
    await scene.look(
        """void eventSource.dispatchEvent(
            new MessageEvent('error', { data: JSON.stringify({ error: 'Redis not available' }) }))"""
    )
    await scene.saw("showErrorMessage", "Real-time features temporarily unavailable")
