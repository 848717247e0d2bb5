"""Acts of the guide's classes and of the blocks around them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from tests.guide.acts.connecting import HEARTBEAT_S
from tests.guide.acts.words import HELLO, JANE, is_message
from tests.guide.scene import SOURCE, Scene, must

DROPPED = "Connection error"


async def sse_client(scene: Scene) -> None:
    """Every event type arrives in it with every field of the guide, its listeners are called, and it disconnects."""
    stage, jane, reader = scene.stage, scene.stage.jane, scene.user
    own = await stage.token_of(reader)  # so that the reader can still act when the stream's token has ended
    await scene.run(keep="sseClient")
    await scene.saw("console.log", "Connecting to SSE:", scene.url)
    await scene.saw("console.log", "✅ SSE Connected")
    await scene.saw("console.log", "Connected as user:", reader.id)
    must(await scene.look("local.sseClient.isConnected()"), "isConnected() is false")

    await stage.send(jane, reader, HELLO)
    await scene.saw("displayMessage", is_message(scene, HELLO))
    await stage.typing(jane, reader, True)
    await scene.saw("showTypingIndicator", JANE)
    await stage.typing(jane, reader, False)
    await scene.saw("hideTypingIndicator", jane.id)
    sent = await stage.post(own, "communication/chats/", receiver_id=jane.id, message="Fine, thanks")
    await stage.read(jane, sent["id"])
    await scene.saw("updateMessageStatus", sent["id"], "read")
    await stage.announce("Sports day", "On Monday")
    await scene.saw("showNotification", "Sports day", "On Monday")
    notice = await stage.publish("New Notice", "Class cancelled tomorrow")
    await scene.saw("showNotification", "New Notice")
    await scene.saw("console.log", "📨 [heartbeat]:", limit_s=HEARTBEAT_S)
    await stage.log_out(reader.token)
    await scene.saw("console.log", "📨 [disconnected]:")
    _check_payloads(scene, notice["id"])

    # Leaving the page is what calls disconnect().
    await scene.page.goto(stage.pages.origin + "/login")
    await scene.saw("console.log", "Disconnected from SSE")


def _check_payloads(scene: Scene, notice_id: int) -> None:
    """What was captured of each event type against what the guide shows of it."""
    faults: list[str] = []
    for name, payload in scene.stage.promised.items():
        events: list[Any] = [args[1] for args in scene.seen("console.log", f"📨 [{name}]:")]
        if not events:
            faults.append(f"{name}: none arrived")
        for event in events:
            # What is in `data` varies by type, and the guide shows a notice.
            varies = name == "notification" and event.get("notification_type") != "notice"
            wanted = replace(payload, inner={}) if varies else payload
            faults += wanted.faults(event, time.time())
        if name == "notification":
            ids = [event["data"].get("notice_id") for event in events if isinstance(event.get("data"), dict)]
            faults += [f"the notice arrived {ids.count(notice_id)} times"] if ids.count(notice_id) != 1 else []
    must(not faults, "; ".join(dict.fromkeys(faults)))


async def sse_connection(scene: Scene) -> None:
    """One connect and one drop: after a second it connects again. By design it keeps its old stream too, so no more."""
    await scene.run(keep="SSEConnection")
    await scene.look("(window.connection = new local.SSEConnection(url)).connect()")
    await scene.saw("console.log", "Connected")
    await scene.drop()
    await scene.saw("console.error", DROPPED)
    await scene.saw("console.log", "Reconnecting in 1000ms (attempt 1)")
    await scene.saw("console.log", "Connected", times=2)
    await scene.look("connection.disconnect()")
    must(await scene.look("connection.eventSource.readyState") == 2, "the stream is not closed")
    scene.never("alert")


async def singleton(scene: Scene) -> None:
    """One connection, whoever asks. The class that it uses is that of the guide's block before it."""
    earlier = scene.stage.text_of(sse_connection)
    await scene.run(before=f"{earlier}\nwindow.SSEConnection = SSEConnection;", keep="sse SSEManager")
    must(await scene.look("local.SSEManager.getInstance(url, token) === local.sse"), "there is a second instance")
    await scene.look("local.sse.connect()")
    await scene.saw("console.log", "Connected")
    await scene.look("local.sse.disconnect()")
    must(await scene.look("local.sse.eventSource.readyState") == 2, "the stream is not closed")


async def cleanup(scene: Scene) -> None:
    """The effect opens a stream and its cleanup closes it; leaving the page closes the other one."""
    await scene.run(before=SOURCE)
    await scene.connected()
    await scene.saw("useEffect")
    must(await scene.look("recorded.useEffect[0][1][0]") == scene.url, "the effect does not depend on the address")
    await scene.look("void (window.clean = recorded.useEffect[0][0]())")
    await scene.saw("request", scene.url, times=2)
    await scene.look("clean()")
    await scene.saw("console.log", "EventSource closed")
    await scene.look("void window.dispatchEvent(new Event('beforeunload'))")
    must(await scene.look("eventSource.readyState") == 2, "the stream is not closed")


async def token_logging(scene: Scene) -> None:
    """In development it logs ten characters of the token. A bundler puts `process` there."""
    token = scene.user.token
    await scene.run(before="window.process = { env: { NODE_ENV: 'development' } };")
    await scene.saw("console.log", "Token:", token)
    await scene.saw("console.log", "Token:", token[:10] + "...")
