"""Acts of the blocks with one listener each: what another person does calls the functions of the guide's reader."""

from __future__ import annotations

from tests.guide.acts.connecting import HEARTBEAT_S
from tests.guide.acts.words import HELLO, JANE, has, is_message
from tests.guide.scene import SOURCE, Scene, must


async def connected(scene: Scene) -> None:
    """It logs who the stream belongs to."""
    await scene.run(before=SOURCE)
    await scene.saw("console.log", f"Connected as user {scene.user.id}")


async def message(scene: Scene) -> None:
    """It shows the message and plays a sound; without the focus it notifies as well."""
    await scene.run(before=SOURCE)
    await scene.connected()
    await scene.stage.send(scene.stage.jane, scene.user, HELLO)
    await scene.saw("addMessageToChat", is_message(scene, HELLO))
    await scene.saw("playNotificationSound")
    scene.never("showNotification")
    # The driver tells every page that it has the focus.
    devtools = await scene.page.context.new_cdp_session(scene.page)
    await devtools.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    other = await scene.page.context.new_page()
    await other.bring_to_front()
    await scene.until("!document.hasFocus()")
    await scene.stage.send(scene.stage.jane, scene.user, "Are you there?")
    await scene.saw("showNotification", JANE, "Are you there?")
    await scene.saw("playNotificationSound", times=2)


async def typing(scene: Scene) -> None:
    """It shows who types and hides who stopped; five seconds later it hides once more by itself."""
    jane, stage = scene.stage.jane, scene.stage
    await scene.run(before=SOURCE, keep="typingUsers")
    await scene.connected()
    await stage.typing(jane, scene.user, True)
    await scene.saw("showTypingIndicator", JANE)
    must(await scene.look("[...local.typingUsers]") == [jane.id], "jane is not among those who type")
    await stage.typing(jane, scene.user, False)
    await scene.saw("hideTypingIndicator", jane.id)
    must(await scene.look("local.typingUsers.size") == 0, "somebody is still among those who type")
    await scene.saw("hideTypingIndicator", jane.id, times=2)


async def read_receipt(scene: Scene) -> None:
    """The reader's own message gets its second tick when jane reads it."""
    sent = await scene.stage.send(scene.user, scene.stage.jane, HELLO)
    element = f'<p data-message-id="{sent["id"]}"><span class="read-indicator">✓</span></p>'
    await scene.page.evaluate("html => { document.body.innerHTML = html; }", element)
    await scene.run(before=SOURCE)
    await scene.connected()
    read = await scene.stage.read(scene.stage.jane, sent["id"])
    await scene.saw("updateMessageReadStatus", sent["id"], True, read["read_at"])
    await scene.until("document.querySelector('.read-indicator').textContent === '✓✓'")


async def notification(scene: Scene) -> None:
    """An announcement is shown, kept and counted."""
    title, text = "Library", f"Closed on Friday, reader {scene.user.id}"
    await scene.run(before=SOURCE)
    await scene.connected()
    await scene.stage.announce(title, text)
    await scene.saw("showToast", title, text, "announcement")
    await scene.saw("addToNotificationCenter", has(title=title, message=text, notification_type="announcement"))
    await scene.saw("incrementNotificationBadge")
    must(len(scene.seen("showToast", title, text)) == 1, "the announcement came twice")


async def heartbeat(scene: Scene) -> None:
    """A heartbeat arrives, so its watch for a dead connection has nothing to say."""
    await scene.run(before=SOURCE, keep="lastHeartbeat")
    began = await scene.look("local.lastHeartbeat")
    await scene.saw("console.log", "💓 Heartbeat received", limit_s=HEARTBEAT_S)
    must(await scene.look("local.lastHeartbeat") > began, "the time of the last heartbeat did not move")
    scene.never("console.warn")
    scene.never("reconnect")


async def disconnected(scene: Scene) -> None:
    """Signing out ends the stream, and the guide's listener closes it for good."""
    await scene.run(before=SOURCE)
    await scene.connected()
    await scene.stage.log_out(scene.user.token)
    await scene.saw("console.log", "Server closed connection")
    must(await scene.look("eventSource.readyState") == 2, "the stream is not closed")


async def raw_events(scene: Scene) -> None:
    """It logs each event, `message` also as a raw one."""
    stage, jane = scene.stage, scene.stage.jane
    await scene.run(before=SOURCE)
    await scene.saw("console.log", "Event [connected]:")
    await stage.send(jane, scene.user, HELLO)
    await scene.saw("console.log", "Raw event:", has(event="message"))
    await scene.saw("console.log", "Event type:", "message")
    await scene.saw("console.log", "Event data:", lambda data: HELLO in data)
    await scene.saw("console.log", "Event [message]:", lambda data: HELLO in data)
    await stage.typing(jane, scene.user, True)
    await scene.saw("console.log", "Event [typing]:", lambda data: JANE in data)
    await scene.saw("console.log", "Event [heartbeat]:", limit_s=HEARTBEAT_S)
    must(len(scene.seen("console.log", "Raw event:")) == 1, "not only `message` is a raw event")
